#include "frontend/onnx/onnx_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TEMPORARY 100

bool imc_onnx_check_size(const struct imc_onnx_model *m, const char *path,
			 struct imc_diags *d)
{
	size_t size = imc_onnx_packed_size(m);

	return size <= IMC_ONNX_MAX_BYTES ||
	       imc_diag(d, IMC_NOWHERE, IMC_D_ONNX_TOO_LARGE, path,
			(long long)size, (long long)IMC_ONNX_MAX_BYTES);
}

static bool cannot(const char *path, const char *why, struct imc_diags *d)
{
	return imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, path, why);
}

/* A new file beside path, to be renamed to it; *name is its own. What an
 * ended run left behind, or another writes, is stepped over. */
static FILE *open_beside(const char *path, const char **name,
			 struct imc_arena *a)
{
	FILE *f = NULL;

	for (int i = 0; !f && i < MAX_TEMPORARY; i++) {
		*name = imc_arena_printf(a, "%s.tmp%d", path, i);
		f = fopen(*name, "wbx");
		if (!f && errno != EEXIST)
			break;
	}
	return f;
}

static void put(void *cx, const void *p, size_t n)
{
	fwrite(p, 1, n, cx); /* ferror tells, at the end */
}

static bool write_all(const struct imc_onnx_model *m, FILE *f)
{
	int error;
	bool ok;

	errno = 0;
	imc_onnx_pack_model(m, put, f);
	ok = !ferror(f);
	error = errno;
	if (fclose(f) == 0)
		errno = error;
	else
		ok = false;
	return ok;
}

bool imc_onnx_write(const struct imc_onnx_model *m, const char *path,
		    struct imc_diags *d)
{
	const char *name, *why;
	struct stat st;
	FILE *f;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return cannot(path,
			      S_ISDIR(st.st_mode) ? strerror(EISDIR)
						  : "it is no regular file",
			      d);
	f = open_beside(path, &name, d->arena);
	if (!f)
		return cannot(path, strerror(errno), d);
	if (write_all(m, f) && rename(name, path) == 0)
		return true;
	why = strerror(errno);
	unlink(name);
	return cannot(path, why, d);
}
