#include "backend/bundle/ports.h"

#include <string.h>

const char imc_port_words[] =
#define PORT(id, name, more, text) "|" name
#include "backend/bundle/ports.def"
	;

static const struct {
	const char *name, *more, *text;
} ports[IMC_N_PORT] = {
#define PORT(id, name, more, text) [IMC_PORT_##id] = {name, more, text},
#include "backend/bundle/ports.def"
};

const char *imc_port_name(enum imc_port p)
{
	return ports[p].name;
}

const char *imc_port_text(enum imc_port p)
{
	return ports[p].text;
}

/* True if path is that of a file in the folder. */
static bool is_in(const char *path, const char *folder)
{
	const char *base = strrchr(path, '/');
	size_t n = strlen(folder);

	if (!base)
		return !n;
	return (size_t)(base - path) == n && !strncmp(path, folder, n);
}

bool imc_port_takes(enum imc_port p, const char *path)
{
	const char *name = ports[p].name;

	if (!strncmp(path, "hal/", 4) && is_in(path + 4, name))
		return true;
	return is_in(path, "") || is_in(path, "device") ||
	       is_in(path, "models") || is_in(path, "host") ||
	       (*ports[p].more && is_in(path, ports[p].more));
}

bool imc_port_models_arrays(enum imc_port p)
{
	return !strcmp(ports[p].more, "hal/models");
}
