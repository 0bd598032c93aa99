import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Date;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Sends one mail by Angus Mail (Jakarta Mail): see the arguments in tests/interop/libraries.py. */
public class AngusMail {
    public static void main(String[] given) throws Exception {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", given[0]);
        properties.put("mail.smtp.port", given[1]);
        if (!given[2].equals("none")) {
            properties.put("mail.smtp.starttls.enable", "true");
            properties.put("mail.smtp.starttls.required", "true");
        }
        if (given[2].contains("/")) {
            properties.put("mail.smtp.ssl.socketFactory", trusting(given[2]).getSocketFactory());
        }
        MimeMessage mail = new MimeMessage(Session.getInstance(properties));
        mail.setFrom(new InternetAddress("shop@example.com", "Shop"));
        mail.setRecipients(Message.RecipientType.TO, "bob@example.com");
        mail.setSubject("Order 17");
        mail.setSentDate(new Date());
        if (given[3].equals("html")) {
            MimeBodyPart text = new MimeBodyPart();
            text.setText("Thank you.\n");
            MimeBodyPart html = new MimeBodyPart();
            html.setContent("<p>Thank you.</p>\n", "text/html; charset=utf-8");
            mail.setContent(new MimeMultipart("alternative", text, html));
        } else {
            mail.setText("Thank you.\n");
        }
        Transport.send(mail);
    }

    private static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(Path.of(file))) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
