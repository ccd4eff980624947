/* embed.h: files that are built into the program: targets, models of
 * noise, the runtime. */
#ifndef IMC_EMBED_H
#define IMC_EMBED_H

#include <stddef.h>

/* path: below its folder, e.g. "garofalo-1.yaml". bytes[size] is 0. */
struct imc_embedded {
	const char *path;
	const char *bytes;
	size_t size;
};

extern const struct imc_embedded imc_target_files[];
extern const size_t imc_target_files_count;

extern const struct imc_embedded imc_noise_files[];
extern const size_t imc_noise_files_count;

extern const struct imc_embedded imc_runtime_files[];
extern const size_t imc_runtime_files_count;

#endif
