/* VGG: Simonyan and Zisserman, arXiv 1409.1556, configuration A. */
#include "frontend/zoo/zoo_layers.h"

static struct zoo_val classify(struct zoo *z, struct zoo_val x)
{
	/* torch exports pooling to 7x7 as windows that divide the input */
	x = zoo_average_pool(z, x, "avgpool", zoo_square(x.h / 7, x.h / 7, 0));
	x = zoo_flatten(z, x);
	x = zoo_linear(z, x, "classifier.0", 4096, ZOO_SMALL);
	x = zoo_relu(z, x, "classifier.1");
	x = zoo_linear(z, x, "classifier.3", 4096, ZOO_SMALL);
	x = zoo_relu(z, x, "classifier.4");
	return zoo_linear(z, x, "classifier.6", 1000, ZOO_SMALL);
}

void zoo_vgg11(struct zoo *z, const struct imc_zoo_choice *c)
{
	static const int channels[] = {64,  0,	 128, 0,   256, 256, 0,
				       512, 512, 0,   512, 512, 0};
	struct zoo_val x = zoo_input(z, 3, c->resolution, c->resolution);
	int k = 0;

	for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
		const char *path = zoo_path(z, "features.%d", k++);
		struct zoo_conv conv = {channels[i], 1, zoo_square(3, 1, 1),
					true, ZOO_KAIMING_OUT};

		if (!channels[i]) {
			x = zoo_max_pool(z, x, path, zoo_square(2, 2, 0),
					 false);
			continue;
		}
		x = zoo_conv(z, x, path, conv);
		x = zoo_relu(z, x, zoo_path(z, "features.%d", k++));
	}
	if (!c->features)
		x = classify(z, x);
	zoo_output(z, x);
}
