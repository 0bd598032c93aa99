// Sends one mail by go-mail: see the arguments in tests/interop/libraries.py.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"os"
	"strconv"

	"github.com/wneessen/go-mail"
)

func main() {
	log.SetFlags(0)
	if err := send(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func send(host, port, trust, content string) error {
	message := mail.NewMsg()
	if err := message.FromFormat("Shop", "shop@example.com"); err != nil {
		return err
	}
	if err := message.To("bob@example.com"); err != nil {
		return err
	}
	message.Subject("Order 17")
	message.SetBodyString(mail.TypeTextPlain, "Thank you.\n")
	if content == "html" {
		message.AddAlternativeString(mail.TypeTextHTML, "<p>Thank you.</p>\n")
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTLSPolicy(mail.NoTLS)}
	if trust != "none" {
		options = []mail.Option{
			mail.WithPort(number), mail.WithTLSPolicy(mail.TLSMandatory),
			mail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: roots(trust)}),
		}
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSend(message)
}

func roots(trust string) *x509.CertPool {
	if trust == "system" {
		return nil
	}
	certificate, err := os.ReadFile(trust)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return pool
}
