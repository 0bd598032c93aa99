//! Sends one mail by lettre: see the arguments in tests/interop/libraries.py.

use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, trust, content] = given.as_slice() else {
        return Err("usage: HOST PORT none|system|CA-FILE text|html".into());
    };
    let mail = Message::builder()
        .from("Shop <shop@example.com>".parse::<Mailbox>()?)
        .to("bob@example.com".parse::<Mailbox>()?)
        .subject("Order 17");
    let mail = match content.as_str() {
        "html" => mail.multipart(MultiPart::alternative_plain_html(
            String::from("Thank you.\n"),
            String::from("<p>Thank you.</p>\n"),
        ))?,
        _ => mail.singlepart(SinglePart::plain(String::from("Thank you.\n")))?,
    };
    SmtpTransport::builder_dangerous(host)
        .port(port.parse()?)
        .tls(tls(host, trust)?)
        .build()
        .send(&mail)?;
    Ok(())
}

fn tls(host: &str, trust: &str) -> Result<Tls, Box<dyn Error>> {
    if trust == "none" {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(host.to_string());
    if trust != "system" {
        parameters = parameters.add_root_certificate(Certificate::from_pem(&std::fs::read(trust)?)?);
    }
    Ok(Tls::Required(parameters.build()?))
}
