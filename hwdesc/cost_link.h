/* cost_link.h: clusters of a spatial machine and the links between them. */
#ifndef IMC_COST_LINK_H
#define IMC_COST_LINK_H

#include "hwdesc/hw.h"

/* True if layers have clusters of their own. */
static inline bool imc_hw_has_clusters(const struct imc_hw *hw)
{
	return imc_hw_is_spatial(hw) && hw->chip_clusters > 1;
}

/* `bytes` to or from one cluster, in bursts, on the link that its arrays
 * share. */
double imc_link_ns(const struct imc_hw *hw, double bytes);

#endif
