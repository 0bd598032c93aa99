import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.ext.mail.MailClient;
import io.vertx.ext.mail.MailConfig;
import io.vertx.ext.mail.MailMessage;
import io.vertx.ext.mail.MailResult;
import io.vertx.ext.mail.StartTLSOptions;

/** Sends one mail by Vert.x's mail client: see the arguments in tests/interop/libraries.py. */
public class VertxMail {
    public static void main(String[] given) {
        MailConfig config = new MailConfig(given[0], Integer.parseInt(given[1]));
        config.setStarttls(given[2].equals("none") ? StartTLSOptions.DISABLED : StartTLSOptions.REQUIRED);
        if (given[2].contains("/")) {
            config.setTrustOptions(new PemTrustOptions().addCertPath(given[2]));
        }
        MailMessage mail = new MailMessage("Shop <shop@example.com>", "bob@example.com", "Order 17", "Thank you.\n");
        if (given[3].equals("html")) {
            mail.setHtml("<p>Thank you.</p>\n");
        }
        Vertx vertx = Vertx.vertx();
        Future<MailResult> sent = MailClient.create(vertx, config).sendMail(mail);
        sent.onComplete(result -> vertx.close().onComplete(closed -> {
            if (result.failed()) {
                System.err.println(result.cause());
            }
            System.exit(result.succeeded() ? 0 : 1);
        }));
    }
}
