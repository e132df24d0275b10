// The back half of an assembled stack: a job becomes a mail of 8 KB, rendered by Handlebars and sent by nodemailer's pool.
// usage: stack_worker.mjs graphile|bullmq WHERE SMTP_PORT
import Handlebars from 'handlebars';

import {workOn} from './stack.mjs';
import {openPool} from './mailer.mjs';
import {handlebarsSource} from './template.mjs';

const [kind, where, port] = process.argv.slice(2);
const pool = openPool(Number(port));
const render = Handlebars.compile(handlebarsSource);

await workOn(kind, where, (event) => pool.sendMail({
  from: 'a@example.org', to: event.context.traits.email, subject: `Your order ${event.properties.order_id}`,
  html: render({contact: {first_name: 'Anna'}, event: {webinar: event.properties.order_id}}),
}));
process.send({ready: true});
process.on('disconnect', () => process.exit());
