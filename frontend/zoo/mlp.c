/* Networks of linear layers. */
#include "frontend/zoo/zoo_layers.h"

void zoo_mlp(struct zoo *z, const struct imc_zoo_choice *c)
{
	struct zoo_val x = zoo_input(z, c->channel[0], 0, 0);

	for (int i = 1; i < c->n_channel; i++) {
		x = zoo_linear(z, x, zoo_path(z, "layers.%d", 2 * i - 2),
			       c->channel[i], ZOO_TORCH);
		if (i + 1 < c->n_channel)
			x = zoo_relu(z, x, zoo_path(z, "layers.%d", 2 * i - 1));
	}
	zoo_output(z, x);
}

void zoo_autoencoder(struct zoo *z, const struct imc_zoo_choice *c)
{
	static const int width[] = {128, 128, 128, 128, 8, 128, 128, 128, 128};
	struct zoo_val x = zoo_input(z, 640, 0, 0);
	int k = 0;

	(void)c;
	for (size_t i = 0; i < sizeof width / sizeof *width; i++, k += 3) {
		x = zoo_linear(z, x, zoo_path(z, "layers.%d", k), width[i],
			       ZOO_TORCH);
		x = zoo_norm(z, x, zoo_path(z, "layers.%d", k + 1));
		x = zoo_relu(z, x, zoo_path(z, "layers.%d", k + 2));
	}
	zoo_output(z, zoo_linear(z, x, zoo_path(z, "layers.%d", k), 640,
				 ZOO_TORCH));
}
