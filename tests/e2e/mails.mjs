// Mails that come back, as other people's servers and programs write them.
export const bounce = (to, id = 'b1', status = '5.1.1') => `From: MAILER-DAEMON@mx.example.org
To: ${to}
Message-ID: <${id}@mx.example.org>
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

No.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; x@example.net
Action: failed
Status: ${status}
Diagnostic-Code: smtp; 550 ${status} no such user
--b--
`;

export const answer = (messageId, id, text) => `From: Anna <x@example.net>
To: hello@example.org
Message-ID: <${id}@example.net>
In-Reply-To: ${messageId}
Subject: Re: Hello

${text}

> Hello
`;
