#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/data/npy.h"

static void *cannot_read(const char *path, struct imc_diags *d, const char *why)
{
	imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ, why);
	return NULL;
}

/* Reads until the end, `first` bytes at once when that many are expected. */
static char *read_all(int fd, size_t first, struct imc_arena *a, size_t *size)
{
	size_t cap = 0, n = 0;
	char *p = imc_arena_grow(a, NULL, first + 1, &cap, 1);

	for (;;) {
		ssize_t got = read(fd, p + n, cap - n - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		if (got == 0)
			break;
		n += (size_t)got;
		if (n + 1 == cap)
			p = imc_arena_grow(a, p, cap + 1, &cap, 1);
	}
	p[n] = 0;
	*size = n;
	return p;
}

void *imc_file_read(const char *path, struct imc_arena *a, struct imc_diags *d,
		    size_t *size)
{
	int fd = open(path, O_RDONLY), error;
	struct stat st;
	char *p;

	if (fd < 0)
		return cannot_read(path, d, strerror(errno));
	if (fstat(fd, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))) {
		close(fd);
		return cannot_read(path, d,
				   S_ISDIR(st.st_mode) ? "it is a directory"
						       : "it is not a file");
	}
	p = read_all(fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 4096, a,
		     size);
	error = errno;
	close(fd);
	return p ? p : cannot_read(path, d, strerror(error));
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool unknown(const char *path, const char *bytes, size_t size,
		    struct imc_diags *d)
{
	const char *what = "save it with numpy.save";

	if (size >= 4 && !memcmp(bytes, "PK\3\4", 4))
		what = "an .npz or zip archive: unpack it first";
	if (!size)
		what = "the file is empty";
	return imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_FORMAT, what);
}

bool imc_data_tensor(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, struct imc_tensor *out)
{
	size_t size = 0;
	const char *name, *bytes = imc_file_read(path, a, d, &size);

	if (!bytes)
		return false;
	if (imc_npy_is(bytes, size))
		return imc_npy_read(path, bytes, size, a, d, out);
	if (!size || !memcmp(bytes, "PK", size < 2 ? size : 2) || !pb)
		return unknown(path, bytes, size, d);
	if (ends_with(path, ".npy"))
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_NPY_BROKEN,
				"it does not begin as one");
	return pb(path, bytes, size, a, d, out, &name);
}
