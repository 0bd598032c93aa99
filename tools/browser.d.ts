// What `tsc` has to know of the scripts that a page loads before its modules.
import type htmxModule from "htmx.org";

declare global {
  const htmx: typeof htmxModule;
}
