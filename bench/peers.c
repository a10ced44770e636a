/* Full sweep by a C library (Zydis 4, capstone, distorm 3): ./peer FILE SIZE prints seconds of processor time. One of CAPSTONE, ZYDIS, DISTORM is defined. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(CAPSTONE)
#include <capstone/capstone.h>
#elif defined(ZYDIS)
#include <Zydis/Zydis.h>
#else
#include <distorm3/distorm.h>
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static size_t sweep(const uint8_t *code, size_t size) {
  size_t count = 0;
#if defined(CAPSTONE)
  csh handle;
  cs_open(CS_ARCH_X86, CS_MODE_64, &handle);
  cs_insn *insn = cs_malloc(handle);
  uint64_t address = 0;
  while (size > 0) {
    if (cs_disasm_iter(handle, &code, &size, &address, insn)) count++;
    else code++, size--;
  }
#elif defined(ZYDIS)
  ZydisDecoder decoder;
  ZydisDecodedInstruction insn;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  for (size_t at = 0; at < size;) {
    if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, size - at, &insn, operands))) at += insn.length, count++;
    else at++;
  }
#else
  static _DInst found[1024];
  _CodeInfo info = {0};
  info.code = code, info.codeLen = (int)size, info.dt = Decode64Bits;
  for (;;) {
    unsigned n = 0;
    _DecodeResult result = distorm_decompose(&info, found, 1024, &n);
    count += n;
    if (result != DECRES_MEMORYERR || n == 0) break;
    size_t used = (size_t)(found[n - 1].addr + found[n - 1].size - info.codeOffset);
    info.code += used, info.codeOffset += used, info.codeLen -= (int)used;
  }
#endif
  return count;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t size = strtoul(argv[2], 0, 0);
  uint8_t *code = malloc(size);
  FILE *file = fopen(argv[1], "rb");
  if (!file || fread(code, 1, size, file) != size) return 1;
  double start = now();
  size_t count = sweep(code, size);
  printf("%.6f %zu\n", now() - start, count);
}
