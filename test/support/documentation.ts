// What the documentation names: paths, npm scripts and naru commands, and which of them do not exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const topLevel = /^(src|devices|simulators|web|test|bench|contracts|migrations|deploy|docs|scripts|\.ci)\//;

/** Markdown pages of the tree below `root`, as paths from it. */
export function pages(root: string): string[] {
  const inDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [...readdirSync(root).filter((name) => name.endsWith('.md')), ...inDocs.map((name) => `docs/${name}`)];
}

/**
 * Everything that a page names and the tree does not have.
 * @param commands the names of naru's commands
 */
export function missingFrom(root: string, page: string, commands: readonly string[]): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const missing: string[] = [];
  for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
    if (!existsSync(join(root, dirname(page), link))) missing.push(`link ${link}`);
  }
  for (const [, code = ''] of text.matchAll(/`([^`\n]+)`/g)) {
    const path = code.split(/[\s,]/)[0] ?? '';
    if (topLevel.test(path) && !/[*<{…]/.test(path) && !existsSync(join(root, path))) missing.push(`path ${path}`);
  }
  for (const [, tree = ''] of text.matchAll(/```tree\n([\s\S]*?)```/g)) {
    for (const path of treePaths(tree)) if (!existsSync(join(root, path))) missing.push(`path ${path}`);
  }
  for (const [, script = ''] of text.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
    if (!(script in scripts)) missing.push(`npm script ${script}`);
  }
  for (const [, command = ''] of text.matchAll(/(?:^|[`\s])naru (?:-- )?([a-z][a-z-]*)/gm)) {
    if (!commands.includes(command)) missing.push(`command naru ${command}`);
  }
  return missing;
}

/** Paths of an indented tree whose lines begin with a name and may go on with a remark. */
function treePaths(tree: string): string[] {
  const stack: string[] = [];
  const paths: string[] = [];
  for (const line of tree.split('\n').filter((text) => text.trim() !== '')) {
    const depth = Math.floor((line.length - line.trimStart().length) / 2);
    const name = line.trim().split(/\s/)[0] ?? '';
    stack.splice(depth, Number.POSITIVE_INFINITY, name.replace(/\/$/, ''));
    paths.push(stack.join('/'));
  }
  return paths;
}
