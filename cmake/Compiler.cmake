# Before project(): C++20 as we use it wants g++ 12 or newer. Where the machine's `c++` is older (Ubuntu 22.04: 11), the
# newest g++-N is taken. CXX and -DCMAKE_CXX_COMPILER win.
if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  execute_process(COMMAND c++ -dumpversion OUTPUT_VARIABLE _version ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT _version OR _version VERSION_LESS 12)
    find_program(PENSTOCK_CXX NAMES g++-14 g++-13 g++-12)
    if(PENSTOCK_CXX)
      set(CMAKE_CXX_COMPILER ${PENSTOCK_CXX})
    endif()
  endif()
endif()
