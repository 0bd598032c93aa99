<?php
// A shop's own tests of its mails: each sends one by PHPMailer, and looks at nothing else.
require '/usr/share/php/libphp-phpmailer/autoload.php';

use PHPMailer\PHPMailer\PHPMailer;

function mail_of_shop(string $subject, string $text, string $html = ''): PHPMailer
{
    $mail = new PHPMailer(true);
    $mail->isSMTP();
    $mail->Host = getenv('SMTP_HOST');
    $mail->Port = (int) getenv('SMTP_PORT');
    $mail->SMTPAutoTLS = false;
    $mail->SMTPAuth = true;
    $mail->Username = 'shop+strict';
    $mail->Password = 'any';
    $mail->CharSet = 'utf-8';
    $mail->setFrom('shop@acme.io', 'Shop');
    $mail->addAddress('ann@customer.org');
    $mail->Subject = $subject;
    $mail->Body = $html ?: $text;
    if ($html) {
        $mail->isHTML();
        $mail->AltBody = $text;
    }
    return $mail;
}

$tests = [
    'good_welcome' => fn() => mail_of_shop('Welcome', "Hello Ann, welcome to Acme.\n"),
    'good_reset' => fn() => mail_of_shop(
        'Reset your password',
        "Choose a new password: https://shop.acme.io/reset?token=Zm9v\n",
        '<p><a href="https://shop.acme.io/reset?token=Zm9v">Choose a new password</a></p>',
    ),
    'good_accents' => fn() => mail_of_shop('Grüße aus Köln', "Schöne Grüße, 你好.\n"),
    'good_invoice' => function () {
        $mail = mail_of_shop('Invoice 4711', "Your invoice is attached.\n");
        $mail->addStringAttachment("%PDF-1.7 \x00\xff", 'invoice.pdf');
        return $mail;
    },
    'faulty_placeholder' => fn() => mail_of_shop('Welcome', "Hello {{ name }}, welcome to Acme.\n"),
    'faulty_two_subjects' => function () {
        $mail = mail_of_shop('Offer', "Only today.\n");
        $mail->addCustomHeader('Subject', 'Offer of the day');
        return $mail;
    },
    'faulty_relative_image' => fn() => mail_of_shop('Hi', "Hi.\n", '<p>Hi.</p><img src="/img/logo.png" alt="Acme">'),
    'faulty_staging_link' => fn() => mail_of_shop('Hi', "See http://shop.staging.local/orders/7\n"),
    'faulty_printf' => fn() => mail_of_shop('Hi', 'Your order %(number)s has left us.' . "\n"),
    // Warnings, with which mail is sent all the same
    'faulty_empty_subject' => fn() => mail_of_shop('', "Hi.\n"),
    'faulty_image_without_alt' => fn() => mail_of_shop('Hi', "Hi.\n", '<p>Hi.</p><img src="https://cdn.acme.io/a.png">'),
];

$failed = 0;
foreach ($tests as $name => $make) {
    $mail = $make();
    try {
        $mail->send();
        echo "ok $name\n";
    } catch (Exception) {
        $failed++;
        echo "not ok $name: {$mail->ErrorInfo}\n";
    }
}
exit($failed ? 1 : 0);
