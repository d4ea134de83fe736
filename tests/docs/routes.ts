/** The routes `METHOD /path/:parameter` of the table of permissions, whose paths are made of constants of that file. */
export function expanded(table: string): string[] {
  const constants = new Map<string, string>();
  const fill = (text: string): string =>
    text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => constants.get(name) ?? '');
  for (const [, name = '', value = ''] of table.matchAll(/^const (\w+) = [`']([/$][^`']*)[`'];$/gm)) {
    constants.set(name, fill(value));
  }
  return [...table.matchAll(/[`']((?:GET|POST|PUT|PATCH|DELETE) [^`']+)[`']\]?[:,]/g)].map(([, route = '']) =>
    fill(route),
  );
}

/** Whether a route ends as it is named, since pages say once under which path all of theirs are. */
export function isRoute(name: string, routes: readonly string[]): boolean {
  const [method, path = ''] = name.split(' ');
  const wanted = path.replace(/^…?\//, '').split('/');
  return routes.some((route) => {
    const [of, known = ''] = route.split(' ');
    const parts = known.split('/').slice(-wanted.length);
    return (
      of === method && wanted.every((part, i) => parts[i] === part || (isVariable(part) && parts[i]?.startsWith(':')))
    );
  });
}

function isVariable(part: string): boolean {
  return /[{}A-Z]/.test(part) || /^\d+$/.test(part);
}
