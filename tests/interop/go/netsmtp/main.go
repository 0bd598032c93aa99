// Sends one mail by net/smtp: see the arguments in tests/interop/libraries.py.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"net"
	"net/smtp"
	"os"
)

const mail = "From: Shop <shop@example.com>\r\nTo: bob@example.com\r\nSubject: Order 17\r\n\r\nThank you.\r\n"

func main() {
	log.SetFlags(0)
	if err := send(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func send(host, port, trust string) error {
	client, err := smtp.Dial(net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	defer client.Close()
	if trust != "none" {
		if err := client.StartTLS(&tls.Config{ServerName: host, RootCAs: roots(trust)}); err != nil {
			return err
		}
	}
	if err := client.Mail("shop@example.com"); err != nil {
		return err
	}
	if err := client.Rcpt("bob@example.com"); err != nil {
		return err
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write([]byte(mail)); err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	return client.Quit()
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
