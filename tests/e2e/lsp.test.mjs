// The language server, spoken to with a client's own library, over a workspace that `init` wrote.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import {pathToFileURL} from 'node:url';
import rpc from 'vscode-languageserver-protocol/node.js';
import {binary, command, eventually, temporaryFolder} from './daemon.mjs';

const {createProtocolConnection, StreamMessageReader, StreamMessageWriter} = rpc;

// An editor with the folder open. `arguments_` go to the program.
async function openEditor(t, folder, arguments_ = []) {
  const server = spawn(binary, [...arguments_, 'lsp'], {stdio: ['pipe', 'pipe', 'inherit']});
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  const diagnostics = new Map();
  connection.onNotification(rpc.PublishDiagnosticsNotification.type, (params) => diagnostics.set(params.uri, params));
  connection.listen();
  t.after(() => {
    connection.dispose();
    server.kill('SIGKILL');
  });
  const {capabilities} = await connection.sendRequest(rpc.InitializeRequest.type, {
    processId: process.pid, rootUri: pathToFileURL(folder).href, workspaceFolders: null, capabilities: {},
  });
  await connection.sendNotification(rpc.InitializedNotification.type, {});
  const uriOf = (file) => pathToFileURL(path.join(folder, file)).href;
  const at = (file, line, character) => ({textDocument: {uri: uriOf(file)}, position: {line, character}});
  return {
    capabilities, connection, server, uriOf,
    problems: (file) => diagnostics.get(uriOf(file)),
    open: (file, text) => connection.sendNotification(rpc.DidOpenTextDocumentNotification.type,
      {textDocument: {uri: uriOf(file), languageId: 'yaml', version: 1, text}}),
    change: (file, version, contentChanges) => connection.sendNotification(rpc.DidChangeTextDocumentNotification.type,
      {textDocument: {uri: uriOf(file), version}, contentChanges}),
    complete: async (...place) => (await connection.sendRequest(rpc.CompletionRequest.type, at(...place))).map(({label}) => label),
    hover: async (...place) => (await connection.sendRequest(rpc.HoverRequest.type, at(...place)))?.contents.value,
    definition: (...place) => connection.sendRequest(rpc.DefinitionRequest.type, at(...place)),
    async quit() {
      const ended = once(server, 'exit');
      await connection.sendRequest(rpc.ShutdownRequest.type);
      await connection.sendNotification(rpc.ExitNotification.type);
      return (await ended)[0];
    },
  };
}

async function expertShop(t) {
  const folder = path.join(await temporaryFolder(t), 'shop');
  assert.equal((await command(folder, ['init', folder, '--preset', 'expert'])).status, 0);
  return folder;
}

const playbook = 'playbooks/checklist-to-webinar.yaml';

// Where `needle` begins, as LSP counts.
function placeOf(text, needle) {
  const before = text.slice(0, text.indexOf(needle)).split('\n');
  return [before.length - 1, before.at(-1).length];
}

test('a typo is told at its place while it is there', async (t) => {
  const folder = await expertShop(t);
  const editor = await openEditor(t, folder);
  assert.equal(editor.capabilities.positionEncoding, 'utf-16');
  const text = await readFile(path.join(folder, playbook), 'utf8');
  await editor.open(playbook, text);
  const [line, character] = placeOf(text, 'webinar-invite');
  const end = {line, character: character + 'webinar-invite'.length};
  await editor.change(playbook, 2, [{range: {start: {line, character}, end}, text: 'webinar-invit'}]);
  const told = await eventually('no error was told', () => editor.problems(playbook)?.diagnostics.find(({severity}) => severity === 1));
  assert.deepEqual(told.range, {start: {line, character}, end: {line, character: end.character - 1}});
  assert.match(told.message, /webinar-invite/);
  assert.equal(editor.problems(playbook).version, 2);
  await editor.change(playbook, 3, [{range: {start: told.range.end, end: told.range.end}, text: 'e'}]);
  await eventually('the error stayed', () => editor.problems(playbook).version === 3
    && editor.problems(playbook).diagnostics.every(({severity}) => severity !== 1));
  assert.equal(await editor.quit(), 0);
});

test('names are offered, told of and found, in half-typed files too', async (t) => {
  const folder = await expertShop(t);
  const editor = await openEditor(t, folder);
  const text = await readFile(path.join(folder, playbook), 'utf8');
  await editor.open(playbook, text);
  const [line, character] = placeOf(text, 'send: webinar-invite');
  assert.match(await editor.hover(playbook, line, character + 1), /Step `invite`[^]*Sends a message/);
  const found = await editor.definition(playbook, line, character + 8);
  assert.equal(found.uri, editor.uriOf('content/webinar-invite.md'));

  await editor.open('playbooks/new.yaml', 'start: {when: order.paid\nsteps:\n  - send: \n  - send: ask-me\n    ');
  assert.ok((await editor.complete('playbooks/new.yaml', 2, 10)).includes('case-coach'));
  const keys = await editor.complete('playbooks/new.yaml', 4, 4);
  assert.ok(keys.includes('hold') && !keys.includes('send'), `${keys}`);
  assert.equal((await editor.definition('playbooks/new.yaml', 0, 16)).uri, editor.uriOf('events.yaml'));
  await eventually('the half-typed file has no error', () => editor.problems('playbooks/new.yaml')?.diagnostics.length);
  assert.equal(await editor.quit(), 0);
});

test('--config names the workspace, and without shutdown the end is no good one', async (t) => {
  const folder = await expertShop(t);
  const editor = await openEditor(t, folder, ['--config', folder]);
  await editor.open('playbooks/new.yaml', 'start: nobody.knows\n');
  await eventually('nothing was told', () => editor.problems('playbooks/new.yaml')?.diagnostics.length);
  const ended = once(editor.server, 'exit');
  await editor.connection.sendNotification(rpc.ExitNotification.type);
  assert.equal((await ended)[0], 1);
});
