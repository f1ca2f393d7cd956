# penstock_fuzz(NAME USES module... ): NAME_fuzz.cc holds LLVMFuzzerTestOneInput. With the preset "fuzz" it becomes a
# libFuzzer program; otherwise a small main replays fuzz/corpus/NAME/, and that is a unit test.
if(PENSTOCK_LIBFUZZER)
  add_custom_target(fuzzers)
endif()
function(penstock_fuzz name)
  cmake_parse_arguments(arg "" "" "USES" ${ARGN})
  add_executable(${name}_fuzz EXCLUDE_FROM_ALL ${name}_fuzz.cc)
  foreach(module IN LISTS arg_USES)
    target_link_libraries(${name}_fuzz PRIVATE penstock_${module})
  endforeach()
  set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  if(PENSTOCK_LIBFUZZER)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    # New inputs that reach further go to the build folder; the ones worth keeping are copied to fuzz/corpus by hand.
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/found/${name})
    add_test(NAME fuzz.${name} COMMAND ${name}_fuzz -max_total_time=20 -rss_limit_mb=2048
             ${CMAKE_BINARY_DIR}/found/${name} ${corpus})
    add_dependencies(fuzzers ${name}_fuzz)
  else()
    target_sources(${name}_fuzz PRIVATE replay_corpus_main.cc)
    if(NOT PENSTOCK_SANITIZE STREQUAL "thread")  # one thread, nothing to see
      add_test(NAME ${PENSTOCK_TEST_PREFIX}fuzz.${name}
               COMMAND ${PENSTOCK_TEST_LAUNCHER} $<TARGET_FILE:${name}_fuzz> ${corpus})
      set_tests_properties(${PENSTOCK_TEST_PREFIX}fuzz.${name} PROPERTIES TIMEOUT 120)
      add_dependencies(unit_tests ${name}_fuzz)
    endif()
  endif()
endfunction()
