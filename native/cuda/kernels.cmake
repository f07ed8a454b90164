# Puts the fixed CUDA kernels into the addon: their text always, and machine code where there is nvcc.
# Text alone is enough to run: NVRTC then compiles it on the user's machine, once.

option(GLOCAL_CUDA_IMAGES "Compile the fixed CUDA kernels where nvcc is found" ON)

set(kernel_folder ${CMAKE_CURRENT_LIST_DIR}/kernels)
set(embed_template ${CMAKE_CURRENT_LIST_DIR}/fixed_kernels.cc.in)
set(image_folder ${CMAKE_CURRENT_BINARY_DIR}/cuda)
file(GLOB cuda_files CONFIGURE_DEPENDS ${kernel_folder}/*.cu)
file(GLOB cuda_headers CONFIGURE_DEPENDS ${kernel_folder}/*.cuh)
# The table of kernels is made of the text, at configuration.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cuda_files} ${embed_template})

# --- nvcc ----------------------------------------------------------------------------------------

# Chips with machine code of their own. Others are served by PTX, which the driver compiles.
set(chips 80 90 100)

# Sets `result` to the flags that make this nvcc compile for the chips it knows, or to nothing where it
# does not work: nvcc refuses host compilers that are newer than itself.
function(find_image_flags nvcc result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND ${nvcc} --list-gpu-arch OUTPUT_VARIABLE known ERROR_QUIET)
  execute_process(COMMAND ${nvcc} --help OUTPUT_VARIABLE help ERROR_QUIET)
  set(flags -fatbin -std=c++17 -ccbin ${CMAKE_CXX_COMPILER})
  if(help MATCHES "compress-mode")
    list(APPEND flags --compress-mode=size)
  else()
    list(APPEND flags -Xfatbin -compress-all)
  endif()
  foreach(chip IN LISTS chips)
    if(known MATCHES "compute_${chip}\n")
      list(APPEND flags -gencode arch=compute_${chip},code=sm_${chip})
    endif()
  endforeach()
  list(APPEND flags -gencode arch=compute_80,code=compute_80)
  file(WRITE ${image_folder}/probe.cu "extern \"C\" __global__ void probe() {}\n")
  execute_process(
    COMMAND ${nvcc} ${flags} -o ${image_folder}/probe.fatbin ${image_folder}/probe.cu
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE reason)
  if(failed)
    message(STATUS "CUDA kernels: ${nvcc} does not work here, so only their text is built in. ${reason}")
  else()
    set(${result} "${flags}" PARENT_SCOPE)
  endif()
endfunction()

set(image_flags)
if(GLOCAL_CUDA_IMAGES)
  find_program(GLOCAL_NVCC nvcc HINTS ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(GLOCAL_NVCC)
    find_image_flags(${GLOCAL_NVCC} image_flags)
  else()
    message(STATUS "CUDA kernels: there is no nvcc, so only their text is built in")
  endif()
endif()
if(image_flags)
  message(STATUS "CUDA kernels: compiled by ${GLOCAL_NVCC}")
endif()

# --- What is embedded ----------------------------------------------------------------------------

set(embedded)       # assembler: the bytes
set(declarations)   # C++: their names
set(file_rows)
set(header_rows)
set(kernel_rows)
set(images)

function(embed symbol path)
  string(APPEND embedded "GLOCAL_EMBED(${symbol}, \"${path}\")\n")
  set(embedded "${embedded}" PARENT_SCOPE)
  string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
  set(declarations "${declarations}" PARENT_SCOPE)
endfunction()

foreach(path IN LISTS cuda_headers)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER "glocal_${name}" symbol)
  embed(${symbol} ${path})
  string(APPEND header_rows "      {\"${name}\", ${symbol}},\n")
endforeach()

foreach(path IN LISTS cuda_files)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER "glocal_${name}" symbol)
  embed(${symbol} ${path})
  set(image "nullptr, 0")
  if(image_flags)
    set(compiled ${image_folder}/${name}.fatbin)
    add_custom_command(
      OUTPUT ${compiled}
      COMMAND ${GLOCAL_NVCC} ${image_flags} -o ${compiled} ${path}
      DEPENDS ${path} ${cuda_headers}
      COMMENT "Compiling the CUDA kernels of ${name}"
      VERBATIM)
    list(APPEND images ${compiled})
    embed(${symbol}_image ${compiled})
    set(image "Bytes(${symbol}_image), BytesBetween(${symbol}_image, ${symbol}_image_end)")
  endif()
  string(APPEND file_rows "      {\"${name}\", ${symbol}, ${image}},\n")

  file(READ ${path} text)
  string(REGEX MATCHALL "__global__ void __launch_bounds__\\([^)]*\\)[ \n]+[A-Za-z0-9_]+\\(" heads "${text}")
  string(REGEX MATCHALL "__global__" globals "${text}")
  list(LENGTH heads found)
  list(LENGTH globals wanted)
  if(NOT found EQUAL wanted)
    message(FATAL_ERROR "${name}: kernels must begin with `__global__ void __launch_bounds__(...) name(`")
  endif()
  foreach(head IN LISTS heads)
    string(REGEX REPLACE "^.*[ \n)]([A-Za-z0-9_]+)\\($" "\\1" kernel "${head}")
    string(APPEND kernel_rows "      {\"${kernel}\", \"${name}\"},\n")
  endforeach()
endforeach()

set(embed_source ${CMAKE_CURRENT_BINARY_DIR}/cuda/fixed_kernels.cc)
configure_file(${embed_template} ${embed_source} @ONLY)
set_source_files_properties(
  ${embed_source} PROPERTIES OBJECT_DEPENDS "${cuda_files};${cuda_headers};${images}")
target_sources(glocal PRIVATE ${embed_source})
