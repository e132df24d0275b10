// The mail of bench/liquid_bench.cpp, 8 KB with ten placeholders, for the engines of others.
const mailBytes = 8 * 1024;
const placeholders = 10;
const sentence = 'Three mistakes are made in every launch, and the first of them is made long before it. ';

const greeting = "Hello {{ contact.first_name | default: 'friend' }},\n\n";

function mail() {
  let source = greeting;
  for (let n = 1; n < placeholders; ++n) {
    while (source.length < mailBytes * n / placeholders) source += sentence;
    source += n % 2 === 0 ? '{{ contact.first_name }}\n\n' : '{{ event.webinar }}\n\n';
  }
  while (source.length < mailBytes) source += sentence;
  return source;
}

export const liquidSource = mail();
export const handlebarsSource = liquidSource.replace(greeting,
  'Hello {{#if contact.first_name}}{{contact.first_name}}{{else}}friend{{/if}},\n\n');
export const data = {
  contact: {id: 'u1', email: 'anna@example.org', first_name: 'Anna'},
  event: {name: 'webinar.registered', webinar: 'The launch, step by step'},
};
