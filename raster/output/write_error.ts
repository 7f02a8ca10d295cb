/**
 * What went wrong with a file that was to be written, in words.
 *
 * @module
 */
import { errorCode, messageOf, RasterError } from "../../core/errors.ts";

/** The operating system's reasons that have something to be done about them, by its codes. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than its file system, or the process's limit, allows",
  EACCES: "permission denied; its folder must be writable",
  EPERM: "the operation is not permitted",
  EROFS: "its file system is read-only",
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is not a folder",
  EISDIR: "it is a folder",
  EIO: "the device reports an input/output error",
  ESTALE: "the network file system lost it (stale file handle)",
  EMFILE: "too many files are open (raise ulimit -n)",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "it is a symbolic link that leads nowhere",
};

/**
 * A RasterError for a failed write: `Cannot write 'x.tif': no space left on device (needed ...)`. `detail` says what
 * was wanted of the device.
 */
export function writeError(path: string, cause: unknown, detail = ""): RasterError {
  const code = errorCode(cause);
  const reason = code !== undefined && REASONS[code] || messageOf(cause);
  return new RasterError(`Cannot write '${path}': ${reason}${detail === "" ? "" : ` (${detail})`}`, {
    cause,
  });
}
