/** Where a page of this repository can be read: on the web if CI says where, beside the report otherwise. */

/** Environment variables, as GitHub Actions sets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder above all paths of the repository, with a slash at its end, or "" if nobody knows. */
export function webBase(env: Environment): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_SHA: commit } = env;
  return server && repository && commit ? `${server}/${repository}/blob/${commit}/` : "";
}

/** A path with everything escaped that must not stand in a URI; slashes stay. */
export function uriOf(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
