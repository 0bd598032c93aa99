// Declares for `tsc` the scripts that a page loads before its modules.
import type htmxModule from "htmx.org";
import type { Idiomorph as IdiomorphModule } from "idiomorph";

declare global {
  const htmx: typeof htmxModule;
  const Idiomorph: typeof IdiomorphModule;
}
