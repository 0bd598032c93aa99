<?php
// Sends one mail by PHPMailer: see the arguments in tests/interop/libraries.py.
require '/usr/share/php/libphp-phpmailer/autoload.php';

[, $host, $port, $trust, $content] = $argv;
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = $host;
$mail->Port = (int) $port;
$mail->SMTPAutoTLS = false;
if ($trust !== 'none') {
    $mail->SMTPSecure = $mail::ENCRYPTION_STARTTLS;
}
if (str_contains($trust, '/')) {
    $mail->SMTPOptions = ['ssl' => ['cafile' => $trust]];
}
$mail->setFrom('shop@example.com', 'Shop');
$mail->addAddress('bob@example.com');
$mail->Subject = 'Order 17';
$mail->Body = "Thank you.\n";
if ($content === 'html') {
    $mail->isHTML();
    $mail->Body = "<p>Thank you.</p>\n";
    $mail->AltBody = "Thank you.\n";
}
$mail->send();
