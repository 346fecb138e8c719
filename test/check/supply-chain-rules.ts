/** What other people's packages may do here, and under which licences. */

/** For what users install with this package. */
const LICENCES: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'],
]);
/** For what only our tests, benches and builds use too: nothing of it is passed on. */
const LICENCES_OF_TOOLS: ReadonlySet<string> = new Set([...LICENCES, 'MPL-2.0']);

/** Packages with scripts that npm would run when it installs them, and what becomes of each. */
const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  esbuild: 'not run: its binary is an optional package; the script checks that it fits',
  gl: 'not run: gpu.js names it for its headlessgl mode, which nobody uses here; it would compile ANGLE',
  'msgpackr-extract': 'not run: msgpackr works without; the script looks for a prebuilt binary',
  'onnxruntime-node': 'not run: the CPU library lies in the package; the script downloads CUDA libraries',
  protobufjs: 'not run: it warns of versions of its own command-line tool',
  webgpu:
    'not run: the binaries lie in the package; the script takes the mark of a download off them on macOS',
};

/** The part of a CycloneDX file that is looked at. */
export interface Sbom {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly {
      readonly license?: { readonly id?: string; readonly name?: string };
      readonly expression?: string;
    }[];
    readonly properties?: readonly { readonly name: string; readonly value: string }[];
  }[];
}

/** The part of `package-lock.json` that is looked at. */
export interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly hasInstallScript?: boolean; readonly integrity?: string }
    >
  >;
}

/**
 * What is wrong with the packages that this one stands on: package, fault and next step, one to a line.
 * @param allowScripts of package.json: npm 11 runs no script of a package that is `false` there
 */
export function complaintsAbout(
  sbom: Sbom,
  lock: Lock,
  allowScripts: Readonly<Record<string, boolean>>,
): string[] {
  return [...licenceComplaints(sbom), ...scriptComplaints(lock, allowScripts), ...sumComplaints(lock)];
}

function licenceComplaints({ components }: Sbom): string[] {
  return components.flatMap(({ name, version, licenses = [], properties = [] }) => {
    const isTool = properties.some(
      (property) => property.name === 'cdx:npm:package:development' && property.value === 'true',
    );
    const allowed = isTool ? LICENCES_OF_TOOLS : LICENCES;
    const named = licenses.map(({ license, expression }) => license?.id ?? license?.name ?? expression ?? '');
    if (named.length > 0 && named.every((licence) => isAllowed(licence, allowed))) return [];
    return [
      `${name} ${version} has the licence ${named.join(', ') || '(none)'}, which is not one of ${[...allowed].join(', ')}` +
        `${isTool ? '' : ' for what users install'}: take another package or version, or add the licence to ` +
        'test/check/supply-chain-rules.ts when it may be passed on.',
    ];
  });
}

/** Of "A OR B" one must be allowed, of "A AND B" both; anything longer is for a person to read. */
function isAllowed(licence: string, allowed: ReadonlySet<string>): boolean {
  const plain = licence.replace(/^\((.*)\)$/, '$1');
  const parts = plain.split(/ (?:OR|AND) /);
  if (plain.includes(' OR ') && plain.includes(' AND ')) return false;
  return plain.includes(' AND ')
    ? parts.every((part) => allowed.has(part))
    : parts.some((part) => allowed.has(part));
}

function scriptComplaints({ packages }: Lock, allowScripts: Readonly<Record<string, boolean>>): string[] {
  const scripted = new Map(
    Object.entries(packages)
      .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)
      .map(([path, { version }]) => [path.slice(path.lastIndexOf('node_modules/') + 13), version]),
  );
  const complaints: string[] = [];
  for (const [name, version] of scripted) {
    if (!Object.hasOwn(INSTALL_SCRIPTS, name))
      complaints.push(
        `${name} ${version} has an install script that nobody looked at: read it, then give it a line in ` +
          'test/check/supply-chain-rules.ts, or take a package without.',
      );
    if (allowScripts[name] !== false)
      complaints.push(
        `${name} ${version} has an install script, and allowScripts of package.json does not hold it back: set ` +
          `"${name}": false.`,
      );
  }
  for (const name of Object.keys(INSTALL_SCRIPTS).filter((name) => !scripted.has(name)))
    complaints.push(
      `${name} is in the list of install scripts, and no package here is: take its line out of test/check/supply-chain-rules.ts.`,
    );
  return complaints;
}

function sumComplaints({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([path, { integrity }]) => path !== '' && integrity === undefined)
    .map(
      ([path]) =>
        `${path} has no checksum in package-lock.json: install it anew from the registry (npm install).`,
    );
}
