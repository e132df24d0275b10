// A mail server that keeps what it accepts: the witness of what has left.
import {once} from 'node:events';

import {simpleParser} from 'mailparser';
import {SMTPServer} from 'smtp-server';

import {eventually} from './daemon.mjs';

// Every mail's envelope and source, in the order in which it was accepted. An entry is made before the final answer is
// given, so what a client holds for sent is here.
export class MailSink {
  mails = [];
  #server;

  static async start(t) {
    const sink = new MailSink();
    sink.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 1,  // of connections that the daemon under test keeps for the next mail
      onData: (stream, session, done) => {
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', () => {
          const source = Buffer.concat(chunks);
          const messageId = /^Message-ID:\s*(\S+)/im.exec(source.toString('latin1'))?.[1];
          sink.mails.push({
            from: session.envelope.mailFrom.address,
            to: session.envelope.rcptTo.map((recipient) => recipient.address),
            messageId,
            source,
          });
          done();
        });
      },
    });
    sink.#server.on('error', () => {});  // a peer that was killed resets its connection
    sink.#server.listen(0, '127.0.0.1');
    await once(sink.#server.server, 'listening');
    t?.after(() => sink.close());
    return sink;
  }

  get url() { return `smtp://127.0.0.1:${this.#server.server.address().port}`; }
  close() { return new Promise((resolve) => this.#server.close(resolve)); }

  // The first mail whose source holds `text`, parsed.
  async parsed(text) {
    const mail = await eventually(() => `a mail with ${text} among ${this.mails.length}`,
      () => this.mails.find(({source}) => source.includes(text)));
    return {envelope: mail, ...await simpleParser(mail.source)};
  }
}
