/* parse_part.h: what each kind of line sets. Private to ir/text. */
#ifndef IMC_PARSE_PART_H
#define IMC_PARSE_PART_H

#include "ir/text/text_read.h"

/* Reads one line behind its keyword, without the line's end. */
typedef bool imc_parse_line(struct imc_reader *r);

imc_parse_line imc_parse_graph, imc_parse_value, imc_parse_const;
imc_parse_line imc_parse_input, imc_parse_output;
imc_parse_line imc_parse_node, imc_parse_origin, imc_parse_dead;
imc_parse_line imc_parse_map, imc_parse_assign, imc_parse_tile;
imc_parse_line imc_parse_chooser, imc_parse_errors, imc_parse_error;
imc_parse_line imc_parse_trial, imc_parse_robust, imc_parse_plain;
imc_parse_line imc_parse_plan, imc_parse_step, imc_parse_buffer;
imc_parse_line imc_parse_view;

/* The name of an engine. */
bool imc_parse_engine(struct imc_reader *r, enum imc_engine *out);

/* " = {...}" or " = @..." of the constant v, whose type is known. */
bool imc_parse_data(struct imc_reader *r, struct imc_value *v);

/* Ids without a line, and ids used before they are declared. */
bool imc_parse_finish_graph(struct imc_reader *r);

#endif
