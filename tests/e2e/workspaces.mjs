// Texts of workspaces that several tests start from.

// nurtured.yaml that lets everything leave at once. `more` is YAML that is put below.
export function settings({connector, channel = 'email', more = ''}) {
  return `
store: sqlite:nurtured.db
http: {listen: "127.0.0.1:0", public_url: "https://t.example.org"}
connectors:
  out: ${connector}
channels: {${channel}: out}
limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: "00:00-00:00"}
${more}`;
}

export const smtp = (url, more = '') => `{type: smtp, url: "${url}", from: "Anna <anna@example.org>"${more && `, ${more}`}}`;

export const message = (kind, subject, body = 'Hello {{ contact.id }}.') => `---
kind: ${kind}
subject: "${subject}"
---
${body}
`;

export const checklistEvent = 'events:\n  checklist.downloaded: {properties: {checklist: string}}\n';

// A contact who may be written to, as an identify call.
export const person = (id, traits = {}) => ({
  userId: id,
  traits: {email: `${id}@example.net`, consent: {email: true}, ...traits},
});
