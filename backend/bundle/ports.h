/* ports.h: the machines that a bundle can be built for. */
#ifndef IMC_PORTS_H
#define IMC_PORTS_H

#include <stdbool.h>

enum imc_port {
#define PORT(id, name, more, text) IMC_PORT_##id,
#include "backend/bundle/ports.def"
	IMC_N_PORT
};

/* "|host|..": every name, in order, each behind a bar. */
extern const char imc_port_words[];

const char *imc_port_name(enum imc_port p);

/* What it is, for people. */
const char *imc_port_text(enum imc_port p);

/* True if a bundle for p has the file at that path below runtime/. */
bool imc_port_takes(enum imc_port p, const char *path);

/* True if the crossbar arrays of p are models, whose cells the bundle keeps. */
bool imc_port_models_arrays(enum imc_port p);

#endif
