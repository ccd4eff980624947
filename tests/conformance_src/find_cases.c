/* Where the cases are. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/conformance_src/conformance.h"

/* Deeper than any collection; symbolic links may form a circle. */
#define DEEPEST 12

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **list_folder(struct imc_arena *a, const char *folder,
			 const char *prefix, size_t *n)
{
	const char **out = NULL;
	size_t cap = 0, length = strlen(prefix);
	struct dirent *e;
	DIR *dir = opendir(folder);

	*n = 0;
	if (!dir)
		return NULL;
	out = imc_arena_grow(a, NULL, 1, &cap, sizeof *out);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' && !strncmp(e->d_name, prefix, length))
			*IMC_PUSH(a, out, *n, cap) =
				imc_arena_strdup(a, e->d_name);
	closedir(dir);
	qsort(out, *n, sizeof *out, by_name);
	return out;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_model(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && !strcmp(name + n - 5, ".onnx");
}

static void add_case(struct test_cases *out, const char *folder,
		     const char *name, const char *model)
{
	struct test_case *c = IMC_PUSH(out->arena, out->v, out->n, out->cap);

	c->name = name;
	c->folder = folder;
	c->model = model ? imc_arena_printf(out->arena, "%s/%s", folder, model)
			 : NULL;
}

/* model.onnx, or the only *.onnx; NULL with *n_model > 1: unclear. */
static const char *model_of(const char **names, size_t n, size_t *n_model)
{
	const char *model = NULL;

	*n_model = 0;
	for (size_t i = 0; i < n; i++)
		if (is_model(names[i])) {
			model = names[i];
			++*n_model;
		}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], "model.onnx"))
			return names[i];
	return *n_model == 1 ? model : NULL;
}

static bool find_below(struct test_cases *out, const char *folder,
		       const char *name, int depth)
{
	size_t n, n_model;
	const char **names = list_folder(out->arena, folder, "", &n);

	if (!names)
		return false;
	const char *model = model_of(names, n, &n_model);

	if (n_model) {
		add_case(out, folder, name, model);
		return true;
	}
	for (size_t i = 0; i < n && depth < DEEPEST; i++) {
		const char *path =
			imc_arena_printf(out->arena, "%s/%s", folder, names[i]);
		const char *inner =
			depth ? imc_arena_printf(out->arena, "%s/%s", name,
						 names[i])
			      : names[i];

		if (is_folder(path))
			find_below(out, path, inner, depth + 1);
	}
	return true;
}

bool find_cases(struct test_cases *out, const char *folder)
{
	char *path = imc_arena_strdup(out->arena, folder);
	const char *slash;
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
	slash = strrchr(path, '/');
	return find_below(out, path, slash && slash[1] ? slash + 1 : path, 0);
}
