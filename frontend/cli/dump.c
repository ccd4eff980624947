#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "frontend/cli/driver.h"
#include "ir/text.h"

bool cli_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool cli_file_write(const char *path, const void *bytes, size_t size,
		    struct imc_diags *d)
{
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(bytes, 1, size, f) == size;
	int error = errno;

	if (f && fclose(f) != 0 && ok) {
		ok = false;
		error = errno;
	}
	return ok || imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, path,
			      strerror(error));
}

bool cli_dump_wanted(const struct cli_options *o, const char *pass)
{
	const struct cli_values *v = &o->value[CLI_OPT_DUMP];

	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->v[i], "all") || !strcmp(v->v[i], pass))
			return true;
	return false;
}

bool cli_dump_write(const char *dir, int ordinal, const char *pass,
		    const struct imc_module *m)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf text = {.arena = a}, blob = {.arena = a};
	const char *name = imc_arena_printf(a, "%02d.%s", ordinal, pass);
	const char *path = imc_arena_printf(a, "%s/%s", dir, name);
	bool ok;

	imc_text_print(m, &imc_hw_text, imc_arena_printf(a, "%s.bin", name),
		       &text, &blob);
	ok = mkdir(dir, 0777) == 0 || cli_is_dir(dir) ||
	     imc_diag(m->diags, IMC_NOWHERE, IMC_D_CANNOT_WRITE, dir,
		      strerror(errno));
	ok = ok && cli_file_write(imc_arena_printf(a, "%s.imc", path), text.p,
				  text.n, m->diags);
	ok = ok &&
	     (blob.n == 0 || cli_file_write(imc_arena_printf(a, "%s.bin", path),
					    blob.p, blob.n, m->diags));
	imc_arena_free(a);
	return ok;
}
