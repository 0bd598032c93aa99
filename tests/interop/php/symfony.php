<?php
// Sends one mail by Symfony Mailer: see the arguments in tests/interop/libraries.py.
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';

use Symfony\Component\Mailer\Mailer;
use Symfony\Component\Mailer\Transport\Smtp\EsmtpTransport;
use Symfony\Component\Mime\Email;

[, $host, $port, $trust, $content] = $argv;
$transport = new EsmtpTransport($host, (int) $port);
if (str_contains($trust, '/')) {
    $transport->getStream()->setStreamOptions(['ssl' => ['cafile' => $trust]]);
}
$mail = (new Email())
    ->from('Shop <shop@example.com>')
    ->to('bob@example.com')
    ->subject('Order 17')
    ->text("Thank you.\n");
if ($content === 'html') {
    $mail->html("<p>Thank you.</p>\n");
}
(new Mailer($transport))->send($mail);
