//! Reads each message of a folder by mail-parser; prints JSON.

use mail_parser::{Address, Message, MessageParser, MimeHeaders};
use std::{env, fmt::Write, fs};

/// Returns a text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for each in text.chars() {
        match each {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => write!(out, "\\u{:04x}", c as u32).unwrap(),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn people(field: Option<&Address>) -> String {
    let pairs: Vec<String> = field
        .iter()
        .flat_map(|each| each.iter())
        .map(|each| {
            let name = quoted(each.name().unwrap_or(""));
            format!("[{},{}]", name, quoted(each.address().unwrap_or("")))
        })
        .collect();
    format!("[{}]", pairs.join(","))
}

fn date(message: &Message) -> String {
    match message.date() {
        Some(date) if date.is_valid() => date.to_timestamp().to_string(),
        _ => "null".to_string(),
    }
}

fn read(octets: &[u8]) -> String {
    let message = match MessageParser::default().parse(octets) {
        Some(message) => message,
        None => return "null".to_string(),
    };
    let texts: Vec<_> = (0..message.text_body_count())
        .filter_map(|each| message.body_text(each))
        .collect();
    let names: Vec<String> = message
        .attachments()
        .map(|each| quoted(each.attachment_name().unwrap_or("")))
        .collect();
    format!(
        "{{\"subject\":{},\"from\":{},\"to\":{},\"date\":{},\"text\":{},\"attachments\":[{}]}}",
        quoted(message.subject().unwrap_or("")),
        people(message.from()),
        people(message.to()),
        date(&message),
        quoted(&texts.join("\n")),
        names.join(",")
    )
}

fn main() {
    let folder = env::args().nth(1).expect("a folder of messages");
    let found: Vec<String> = fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            let octets = fs::read(entry.path()).expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            format!("{}:{}", quoted(&name), read(&octets))
        })
        .collect();
    println!("{{{}}}", found.join(","));
}
