/* lane.h: elements of any type, widened to one of four types to compute in.
 *
 * F16 is computed in float, every integer and bool in int64_t (uint64 in
 * uint64_t). Storing narrows as C does: integers wrap, F16 rounds to even. */
#ifndef IMC_LANE_H
#define IMC_LANE_H

#include "ir/graph.h"

enum imc_lane { IMC_LANE_F32, IMC_LANE_F64, IMC_LANE_I64, IMC_LANE_U64 };

/* Elements that a family handles at a time, in buffers on the stack. */
#define IMC_CHUNK 256

/* Room for a chunk of any lane type. */
union imc_chunk {
	float f32[IMC_CHUNK];
	double f64[IMC_CHUNK];
	int64_t i64[IMC_CHUNK];
	uint64_t u64[IMC_CHUNK];
};

enum imc_lane imc_lane_of(enum imc_dtype t);

/* Where elements of type t lie: element i is at index at + i * step. */
struct imc_strip {
	enum imc_dtype dtype;
	const void *data;
	int64_t at, step;
};

/* Elements 0 .. n-1 (n <= IMC_CHUNK) of s as lanes of type `lane`: in buf,
 * or where they are when they already are such lanes. */
const void *imc_lanes_load(struct imc_strip s, enum imc_lane lane, int64_t n,
			   union imc_chunk *buf);

/* Stores n lanes to elements at .. at+n-1 of an array of type t. */
void imc_lanes_store(enum imc_lane lane, const void *lanes, enum imc_dtype t,
		     void *data, int64_t at, int64_t n);

/* IEEE half precision, round half to even; overflow gives infinity. */
uint16_t imc_f16_of(double x);
float imc_f16_to(uint16_t h);

/* x towards zero; outside the range the nearest end, NaN 0. */
int64_t imc_i64_of(double x);

/* One element as a number; for scalars such as an axis or a bound. */
double imc_f64_at(const struct imc_tensor *t, int64_t i);
int64_t imc_i64_at(const struct imc_tensor *t, int64_t i);

#endif
