// What the shells offer, asked of the shells themselves.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';

import {binary, command, temporaryFolder} from './daemon.mjs';

const run = promisify(execFile);
const there = async (shell) => run(shell, ['-c', 'exit 0']).then(() => true, () => false);

async function script(t, shell) {
  const {status, stdout, stderr} = await command('.', ['completion', shell]);
  assert.equal(status, 0, stderr);
  const file = path.join(await temporaryFolder(t), `nurtured.${shell}`);
  await writeFile(file, stdout);
  return file;
}

// The words of a line, of which the last is being typed, as bash hands them to a completion function.
async function offered(file, ...words) {
  const ask = 'source "$1"; shift; COMP_WORDS=(nurtured "$@"); COMP_CWORD=$#; '
    + 'function_name=$(complete -p nurtured | sed "s/.*-F \\([^ ]*\\).*/\\1/"); "$function_name"; printf "%s\\n" "${COMPREPLY[@]}"';
  const {stdout} = await run('bash', ['--norc', '-c', ask, 'bash', file, ...words]);
  return stdout.split('\n').filter(Boolean).sort();
}

test('bash offers commands, their commands, options and the values of options', async (t) => {
  const file = await script(t, 'bash');
  const cases = [
    [['ini'], ['init']],
    [['contact', 'hand'], ['hand-back', 'handoff']],
    [['--config', 'shop', 'graph', '--fo'], ['--format']],
    [['graph', '--format', ''], ['dot', 'html', 'mermaid', 'svg']],
    [['init', 'shop', '--preset', ''], ['b2b', 'expert', 'fmcg', 'retail']],
    [['completion', ''], ['--config', '--help', '--version', '-h', 'bash', 'fish', 'zsh']],
    [['check', '--format', 'j'], ['json']],
    [['check', 'x'], []],
    [['graph', '--output', ''], []],  // a file's name, which bash completes itself
    [['no such command', '$(touch broken)', ''], null],
  ];
  for (const [words, expected] of cases) {
    const found = await offered(file, ...words);
    if (expected) assert.deepEqual(found, expected, words.join(' '));
  }
});

test('bash knows every command that the program has', async (t) => {
  const file = await script(t, 'bash');
  const {stdout} = await run(binary, ['--help']);
  const commands = [...stdout.split('Subcommands:')[1].split('Examples:')[0].matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name);
  assert.ok(commands.length > 15);
  const found = await offered(file, '');
  for (const name of commands) assert.ok(found.includes(name), name);
});

for (const [shell, ...check] of [['zsh', '-n'], ['fish', '--no-execute']]) {
  test(`${shell} can read its script`, async (t) => {
    if (!await there(shell)) return t.skip(`there is no ${shell}`);
    await run(shell, [...check, await script(t, shell)]);
  });
}

test('a shell that is not known is wrong usage', async () => {
  assert.equal((await command('.', ['completion', 'cmd'])).status, 2);
});
