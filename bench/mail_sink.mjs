// A mail server that accepts everything as fast as Node can and only counts: a child process of bench.mjs, so that it has
// a core of its own where there is one. Says {port}; takes {expect: N} and says {reached: milliseconds since the epoch}.
import {createServer} from 'node:net';

let count = 0;
let expected = Infinity;

function accepted() {
  count += 1;
  if (count >= expected) {
    process.send({reached: Date.now()});
    expected = Infinity;
  }
}

const replies = {EHLO: '250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n', HELO: '250 sink\r\n', QUIT: '221 bye\r\n', DATA: '354 go\r\n'};

const server = createServer((socket) => {
  let rest = '';
  let inData = false;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.write('220 sink\r\n');
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (;;) {
      const mark = inData ? '\r\n.\r\n' : '\r\n';
      const end = rest.indexOf(mark);
      if (end < 0) return;
      const line = rest.slice(0, end);
      rest = rest.slice(end + mark.length);
      if (inData) {
        inData = false;
        socket.write('250 taken\r\n');
        accepted();
      } else {
        const verb = line.slice(0, 4).toUpperCase();
        inData = verb === 'DATA';
        socket.write(replies[verb] ?? '250 ok\r\n');
        if (verb === 'QUIT') socket.end();
      }
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send({port: server.address().port}));
process.on('message', ({expect}) => {
  count = 0;
  expected = expect;
  process.send({ready: true});
});
process.on('disconnect', () => process.exit());
