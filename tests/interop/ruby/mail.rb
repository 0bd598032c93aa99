# Sends one mail by Ruby's mail gem: see the arguments in tests/interop/libraries.py.
require "mail"

host, port, trust, content = ARGV
settings = { address: host, port: port.to_i, enable_starttls_auto: trust != "none" }
settings[:ca_file] = trust if trust.include?("/")
mail = Mail.new(from: "Shop <shop@example.com>", to: "bob@example.com", subject: "Order 17")
if content == "html"
  mail.text_part = Mail::Part.new { body "Thank you.\n" }
  mail.html_part = Mail::Part.new do
    content_type "text/html; charset=UTF-8"
    body "<p>Thank you.</p>\n"
  end
else
  mail.body = "Thank you.\n"
end
mail.delivery_method :smtp, settings
mail.deliver!
