// A library's functions, listed once by a macro LIST(F) of F(name, result, parameters...), from
// which its table of pointers is declared and filled.
#pragma once

#include <dlfcn.h>

#define GLOCAL_FUNCTION_POINTER(name, result, ...) result (*name)(__VA_ARGS__) = nullptr;

#define GLOCAL_FIND_FUNCTION(name, ...)                                         \
  table.name = reinterpret_cast<decltype(table.name)>(::dlsym(library, #name)); \
  if (!table.name && !missing) missing = #name;

// Struct `Table` with a pointer for each function of LIST. `Fill` returns the name of the first one
// that the library lacks, else null.
#define GLOCAL_FUNCTION_TABLE(Table, LIST)                 \
  struct Table {                                           \
    LIST(GLOCAL_FUNCTION_POINTER)                          \
    static const char* Fill(Table& table, void* library) { \
      const char* missing = nullptr;                       \
      LIST(GLOCAL_FIND_FUNCTION)                           \
      return missing;                                      \
    }                                                      \
  };
