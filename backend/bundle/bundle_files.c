#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/bundle/emit.h"

/* Every folder of a bundle, each before those inside it. "build" is made by
 * the bundle's Makefile. */
static const char *const folders[] = {
	"include",
	"src",
	"data",
	"module",
	"test",
	"runtime",
	"runtime/device",
	"runtime/models",
	"runtime/host",
	"runtime/hal",
	"runtime/hal/models",
#define PORT(id, name, more, text) "runtime/hal/" name,
#include "backend/bundle/ports.def"
	"build",
};

#define N_FOLDER (sizeof folders / sizeof *folders)

static bool cannot(const struct imc_emit *e, const char *path)
{
	const char *why = strerror(errno);

	return imc_diag(e->d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, path, why);
}

static const char *join(struct imc_arena *a, const char *dir, const char *name)
{
	return imc_arena_printf(a, "%s/%s", dir, name);
}

/* dir without slashes at its end. */
static const char *trimmed(const char *dir, struct imc_arena *a)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return imc_arena_strndup(a, dir, n);
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static bool is_empty(DIR *d)
{
	const struct dirent *entry;

	while ((entry = readdir(d)))
		if (!is_dots(entry->d_name))
			return false;
	return true;
}

/* Why a folder of that name cannot be replaced by renaming it, or NULL. */
static const char *bad_name(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	struct stat st;

	if (is_dots(slash ? slash + 1 : dir) || !strcmp(dir, "/"))
		return "give a folder that has a name of its own";
	if (!lstat(dir, &st) && S_ISLNK(st.st_mode))
		return "it is a link; give the folder itself";
	return NULL;
}

bool imc_bundle_may_write(const char *dir, struct imc_arena *a,
			  struct imc_diags *d)
{
	const char *name = trimmed(dir, a);
	DIR *open;
	bool empty;

	if (bad_name(name))
		return imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, dir,
				bad_name(name));
	open = opendir(name);
	if (!open && errno == ENOENT && *name)
		return true;
	if (!open)
		return imc_diag(d, IMC_NOWHERE, IMC_D_CANNOT_WRITE, dir,
				strerror(errno));
	empty = is_empty(open);
	closedir(open);
	return empty || !access(join(a, name, "metadata.json"), F_OK) ||
	       imc_diag(d, IMC_NOWHERE, IMC_D_BUNDLE_FOREIGN, dir);
}

/* ---- writing ---- */

static bool write_file(const struct imc_emit *e, const char *dir,
		       const struct imc_emit_file *f)
{
	const char *path = join(e->a, dir, f->path);
	FILE *out = fopen(path, "wb");
	bool ok;

	if (!out)
		return cannot(e, path);
	ok = fwrite(f->bytes, 1, f->size, out) == f->size;
	if (fclose(out) != 0)
		ok = false;
	return ok || cannot(e, path);
}

/* True if a file of the bundle lies in that folder or in one inside it. */
static bool has_files(const struct imc_emit *e, const char *folder)
{
	size_t n = strlen(folder);

	for (size_t k = 0; k < e->n_file; k++)
		if (!strncmp(e->file[k].path, folder, n) &&
		    e->file[k].path[n] == '/')
			return true;
	return false;
}

static bool write_all(const struct imc_emit *e, const char *dir)
{
	for (size_t k = 0; k < N_FOLDER; k++) {
		const char *path = join(e->a, dir, folders[k]);

		if (has_files(e, folders[k]) && mkdir(path, 0777))
			return cannot(e, path);
	}
	for (size_t k = 0; k < e->n_file; k++)
		if (!write_file(e, dir, &e->file[k]))
			return false;
	return true;
}

static void remove_folders(const struct imc_emit *e, const char *dir)
{
	for (size_t k = N_FOLDER; k-- > 0;)
		rmdir(join(e->a, dir, folders[k]));
	rmdir(dir);
}

/* Removes what write_all made. */
static void unwrite(const struct imc_emit *e, const char *dir)
{
	for (size_t k = 0; k < e->n_file; k++)
		unlink(join(e->a, dir, e->file[k].path));
	remove_folders(e, dir);
}

/* A new folder named like dir, with a suffix; NULL: reported. */
static const char *make_beside(const struct imc_emit *e, const char *dir)
{
	for (int k = 0; k < 100; k++) {
		const char *path = imc_arena_printf(e->a, "%s.new%d", dir, k);

		if (!mkdir(path, 0777))
			return path;
		if (errno != EEXIST)
			break;
	}
	cannot(e, dir);
	return NULL;
}

/* ---- the older bundle ---- */

/* A path that cannot leave the folder of the bundle. */
static bool is_inside(const char *path)
{
	return *path && *path != '/' && !strstr(path, "..");
}

/* Deletes the files that the older bundle's metadata.json lists as its own,
 * one a line: ORDER MANIFEST. */
static void remove_listed(const struct imc_emit *e, const char *dir)
{
	const char *manifest = join(e->a, dir, "metadata.json");
	FILE *f = fopen(manifest, "rb");
	char line[1024], path[512], hash[65];
	bool files = false;

	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		if (!strncmp(line, "  \"files\": {", 12))
			files = true;
		else if (files &&
			 sscanf(line, "    \"%511[^\"]\": \"%64[0-9a-f]\"",
				path, hash) == 2 &&
			 is_inside(path))
			unlink(join(e->a, dir, path));
	}
	fclose(f);
	unlink(manifest);
}

/* True if the bundle's Makefile makes files of that name: objects, programs,
 * and samples on their way. */
static bool is_built(const char *name)
{
	const char *dot = strrchr(name, '.');

	return !dot || !strcmp(dot, ".o") || !strcmp(dot, ".raw");
}

static void remove_built(const struct imc_emit *e, const char *dir)
{
	const char *build = join(e->a, dir, "build");
	DIR *d = opendir(build);
	const struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (is_built(entry->d_name))
			unlink(join(e->a, build, entry->d_name));
	if (d)
		closedir(d);
}

/* Moves what is left in `from` (the user's own files) to the new bundle, if
 * that has nothing of the name. */
static void keep_others(const struct imc_emit *e, const char *from,
			const char *to)
{
	DIR *d = opendir(from);
	const struct dirent *entry;
	struct stat st;

	while (d && (entry = readdir(d))) {
		const char *target = join(e->a, to, entry->d_name);

		if (!is_dots(entry->d_name) && lstat(target, &st))
			rename(join(e->a, from, entry->d_name), target);
	}
	if (d)
		closedir(d);
}

static void retire(const struct imc_emit *e, const char *old, const char *dir)
{
	struct stat st;

	remove_listed(e, old);
	remove_built(e, old);
	for (size_t k = N_FOLDER; k-- > 0;) {
		keep_others(e, join(e->a, old, folders[k]),
			    join(e->a, dir, folders[k]));
		rmdir(join(e->a, old, folders[k]));
	}
	keep_others(e, old, dir);
	if (rmdir(old) && !lstat(old, &st))
		imc_diag(e->d, IMC_NOWHERE, IMC_D_BUNDLE_KEPT, old);
}

/* Puts the finished folder `fresh` in the place of dir. */
static bool swap(const struct imc_emit *e, const char *fresh, const char *dir)
{
	const char *old = imc_arena_printf(e->a, "%s.old", fresh);
	struct stat st;

	if (lstat(dir, &st)) {
		if (rename(fresh, dir))
			return cannot(e, dir);
		return true;
	}
	if (rename(dir, old))
		return cannot(e, dir);
	if (rename(fresh, dir)) {
		cannot(e, dir);
		rename(old, dir);
		return false;
	}
	retire(e, old, dir);
	return true;
}

bool imc_bundle_replace(const struct imc_emit *e, const char *dir)
{
	const char *name = trimmed(dir, e->a);
	const char *fresh = make_beside(e, name);

	if (!fresh)
		return false;
	if (write_all(e, fresh) && swap(e, fresh, name))
		return true;
	unwrite(e, fresh);
	return false;
}
