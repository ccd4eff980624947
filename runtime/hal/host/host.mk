# Port host: this computer, with its C compiler.
CC = cc
CFLAGS = -O3
HOST_CC = $(CC)
HOST_CFLAGS = $(CFLAGS)
PORT_FLAGS =
PORT_LINK = -lpthread
SIZE = size
PORT_NEEDS =
# $(call RUN_DEVICE,INPUT,OUTPUT): raw samples of one file, outputs to the other
RUN_DEVICE = ./$(PROGRAM) <$(1) >$(2)
