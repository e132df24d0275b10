// The front half of an assembled stack: takes an event, judges it by a rule, and answers once its job is kept.
// usage: stack_web.mjs graphile|bullmq WHERE; says {port}; GET / tells how many events it has answered.
import {createServer} from 'node:http';

import {openQueue} from './stack.mjs';

const add = await openQueue(process.argv[2], process.argv[3]);
let answered = 0;

const fits = ({event, properties}) =>
  event === 'order.completed' && properties.total > 100 && properties.currency === 'EUR' && properties.items < 9;

async function take(body) {
  const event = JSON.parse(body);
  if (fits(event)) await add(event, body);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') return response.end(String(answered));
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => take(Buffer.concat(chunks).toString()).then(() => {
    answered += 1;
    response.end('{"success":true}');
  }, (error) => {
    response.writeHead(500);
    response.end(String(error));
  }));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({port: server.address().port}));
process.on('disconnect', () => process.exit());
