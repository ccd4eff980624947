/* hw_resnet.h: residual networks as graphs of layers, for the cost model. */
#ifndef IMC_TEST_HW_RESNET_H
#define IMC_TEST_HW_RESNET_H

#include "tests/hw/hw_world.h"

/* Adds ResNet-18, -34 (basic blocks), -50 or -101 (bottlenecks) for images of
 * size x size to the graph of w: q_conv2d, max_pool, q_add, pooling and the
 * classifier as a 1x1 convolution. Names are torch's. */
void add_resnet(struct world *w, int depth, int64_t size);

#endif
