/* bundle.h: writes what runs on the machine: C code, images, report. */
#ifndef IMC_BUNDLE_H
#define IMC_BUNDLE_H

#include "backend/bundle/ports.h"
#include "hwdesc/hw.h"
#include "ir/module.h"

/* Writes the bundle of a planned module, to be built for machine `port`, into
 * folder `dir`, which is made, or replaced if it holds an older bundle
 * (metadata.json) or is empty. All files are first written to a folder beside
 * it, which is then renamed: `dir` never holds half a bundle. Same module, same
 * bytes. False: reported. */
bool imc_bundle_write(const struct imc_module *m, const char *dir,
		      enum imc_port port);

/* True if `dir` may be written: absent, empty, or an older bundle, and no
 * link and named by more than dots, so that it can be renamed. False: reported.
 */
bool imc_bundle_may_write(const char *dir, struct imc_arena *a,
			  struct imc_diags *d);

/* Name of the network as a C identifier. */
const char *imc_c_name(const char *model_name, struct imc_arena *a);

#endif
