/* Files: the model's own, and external data beside it. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/onnx/onnx_import.h"

static bool read_all(int fd, char *to, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pread(fd, to, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to += n;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

/* Opens a regular file; -1: *why says why. A fifo or device could block. */
static int open_regular(const char *path, struct stat *st, const char **why)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	*why = "it is no regular file";
	return -1;
}

void *imc_onnx_read_file(const char *path, struct imc_arena *a,
			 struct imc_diags *d, size_t *size)
{
	const char *why;
	struct stat st;
	void *out;
	int fd = open_regular(path, &st, &why);

	if (fd < 0) {
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ, why);
		return NULL;
	}
	*size = (size_t)st.st_size;
	out = imc_arena_alloc(a, *size);
	if (!read_all(fd, out, *size, 0)) {
		imc_diag(d, IMC_IN_FILE(path), IMC_D_CANNOT_READ,
			 "it ends early");
		out = NULL;
	}
	close(fd);
	return out;
}

static bool has_dots(const char *location)
{
	for (const char *p = location; *p; p += strcspn(p, "/")) {
		p += *p == '/';
		if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

/* The real path of `location` in the folder of `model`, or NULL. */
static const char *inside(const char *model, const char *location,
			  struct imc_arena *a, const char **why)
{
	const char *slash = strrchr(model, '/');
	const char *folder =
		slash ? imc_arena_strndup(a, model, (size_t)(slash - model) + 1)
		      : "./";
	char *base = realpath(folder, NULL);
	char *real =
		realpath(imc_arena_printf(a, "%s%s", folder, location), NULL);
	size_t n = base ? strlen(base) : 0;
	const char *out = NULL;

	if (n == 1)
		n = 0; /* the root: its slash is also the separator */
	if (!base || !real)
		*why = "its file is missing beside the model";
	else if (strncmp(real, base, n) || real[n] != '/')
		*why = "its file lies outside the model's folder";
	else
		out = imc_arena_strdup(a, real);
	free(base);
	free(real);
	return out;
}

void *imc_onnx_read_external(const char *model, const char *location,
			     int64_t offset, size_t size, struct imc_arena *a,
			     const char **why)
{
	const char *path;
	struct stat st;
	void *out = NULL;
	int fd;

	if (!*location || *location == '/' || has_dots(location)) {
		*why = "its location is not a path inside the model's folder";
		return NULL;
	}
	path = inside(model, location, a, why);
	fd = path ? open_regular(path, &st, why) : -1;
	if (fd < 0)
		return NULL;
	*why = "its file is too short";
	if (offset >= 0 && offset <= st.st_size &&
	    size <= (size_t)(st.st_size - offset)) {
		out = imc_arena_alloc(a, size);
		if (!read_all(fd, out, size, offset))
			out = NULL;
	}
	close(fd);
	return out;
}
