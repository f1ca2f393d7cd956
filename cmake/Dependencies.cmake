# A system package first (Arrow through conda, vcpkg or Apache's own packages), otherwise what tools/fetch-deps put
# under .deps/ (versions and checksums: tools/deps.lock). Everything else is a Debian/Ubuntu package
# (tools/install-packages).
set(PENSTOCK_DEPS "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "what tools/fetch-deps unpacked")

# --- Arrow, Parquet ---------------------------------------------------------------------------------------------
option(PENSTOCK_SYSTEM_ARROW "take Arrow >= 21 from find_package when it is there" ON)
if(PENSTOCK_SYSTEM_ARROW)
  find_package(Arrow 21 CONFIG QUIET)
endif()
if(Arrow_FOUND)
  find_package(Parquet CONFIG REQUIRED)
  add_library(penstock_arrow INTERFACE)
  target_link_libraries(penstock_arrow INTERFACE Arrow::arrow_shared)
  add_library(penstock_parquet INTERFACE)
  target_link_libraries(penstock_parquet INTERFACE Parquet::parquet_shared)
  message(STATUS "Arrow: system ${Arrow_VERSION}")
else()
  file(GLOB _arrow "${PENSTOCK_DEPS}/arrow/libarrow.so.*")
  if(NOT _arrow)
    message(FATAL_ERROR "Arrow is neither installed nor under ${PENSTOCK_DEPS}: run tools/fetch-deps")
  endif()
  string(REGEX REPLACE ".*libarrow\\.so\\.([0-9]+)$" "\\1" _abi "${_arrow}")
  foreach(_lib arrow parquet)
    add_library(penstock_${_lib} SHARED IMPORTED GLOBAL)
    set_target_properties(penstock_${_lib} PROPERTIES
      IMPORTED_LOCATION "${PENSTOCK_DEPS}/arrow/lib${_lib}.so.${_abi}" IMPORTED_SONAME "lib${_lib}.so.${_abi}"
      INTERFACE_INCLUDE_DIRECTORIES "${PENSTOCK_DEPS}/arrow/include")
  endforeach()
  target_link_libraries(penstock_parquet INTERFACE penstock_arrow)
  message(STATUS "Arrow: ${_arrow}")
endif()
add_library(Penstock::arrow ALIAS penstock_arrow)
add_library(Penstock::parquet ALIAS penstock_parquet)

# --- DuckDB: only the header is seen at build time; the library is loaded when a query runs ----------------------
set(PENSTOCK_DUCKDB_LIBRARY "${PENSTOCK_DEPS}/duckdb/libduckdb.so" CACHE FILEPATH "libduckdb.so 1.5.5")
set(PENSTOCK_DUCKDB_HTTPFS "${PENSTOCK_DEPS}/httpfs/httpfs.duckdb_extension" CACHE FILEPATH "DuckDB's extension for S3, 1.5.5")
add_library(penstock_duckdb INTERFACE)
target_include_directories(penstock_duckdb SYSTEM INTERFACE ${CMAKE_SOURCE_DIR}/third_party/duckdb)
target_compile_definitions(penstock_duckdb INTERFACE PENSTOCK_DUCKDB_LIBRARY="${PENSTOCK_DUCKDB_LIBRARY}"
  PENSTOCK_DUCKDB_HTTPFS="${PENSTOCK_DUCKDB_HTTPFS}")
target_link_libraries(penstock_duckdb INTERFACE ${CMAKE_DL_LIBS})
add_library(Penstock::duckdb ALIAS penstock_duckdb)

# --- simdjson, compiled in under another name: libparquet exports one too ------------------------------------------
add_library(penstock_simdjson STATIC EXCLUDE_FROM_ALL ${PENSTOCK_DEPS}/simdjson/simdjson.cpp)
target_include_directories(penstock_simdjson SYSTEM PUBLIC ${PENSTOCK_DEPS}/simdjson)
target_compile_options(penstock_simdjson PRIVATE -w -O3)
# The namespace is renamed: libparquet comes first among the libraries, and its simdjson is another version.
target_compile_definitions(penstock_simdjson PUBLIC SIMDJSON_EXCEPTIONS=0 simdjson=penstock_simdjson)
add_library(Penstock::simdjson ALIAS penstock_simdjson)

# --- Packages of the distribution -------------------------------------------------------------------------------
find_package(CURL REQUIRED)
# Its headers only: the library is loaded when it is first asked for (src/net/curl_on_demand.cc).
execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${CURL_LIBRARIES} OUTPUT_VARIABLE dynamic_section COMMAND_ERROR_IS_FATAL ANY)
if(NOT dynamic_section MATCHES "SONAME +([^ \n]+)")
  message(FATAL_ERROR "${CURL_LIBRARIES} is no shared library: install libcurl4-gnutls-dev")
endif()
add_library(penstock_curl INTERFACE)
target_include_directories(penstock_curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
target_compile_definitions(penstock_curl INTERFACE PENSTOCK_CURL_LIBRARY="${CMAKE_MATCH_1}")
# Static where there is a choice: each shared library costs a third of a millisecond at every start, and is one
# more to bring along.
set(_shared_first "${CMAKE_FIND_LIBRARY_SUFFIXES}")
set(CMAKE_FIND_LIBRARY_SUFFIXES .a ${CMAKE_FIND_LIBRARY_SUFFIXES})
set(Boost_USE_STATIC_LIBS ON)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(pugixml REQUIRED)
if(TARGET pugixml::static)  # one library less to bring along
  add_library(Penstock::pugixml ALIAS pugixml::static)
else()
  add_library(Penstock::pugixml ALIAS pugixml::pugixml)
endif()
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.75 QUIET COMPONENTS json)
if(NOT Boost_FOUND)  # Ubuntu 22.04 has 1.74, without JSON: headers of .deps/boost, JSON compiled in
  if(NOT EXISTS ${PENSTOCK_DEPS}/boost/include/boost/json.hpp)
    message(FATAL_ERROR "Boost >= 1.75 is neither installed nor under ${PENSTOCK_DEPS}: run tools/fetch-deps")
  endif()
  add_library(Boost::headers INTERFACE IMPORTED GLOBAL)
  target_include_directories(Boost::headers INTERFACE ${PENSTOCK_DEPS}/boost/include)
  file(WRITE ${CMAKE_BINARY_DIR}/boost_json.cc "#include <boost/json/src.hpp>\n")
  add_library(penstock_boost_json STATIC EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/boost_json.cc)
  target_link_libraries(penstock_boost_json PUBLIC Boost::headers)
  add_library(Boost::json ALIAS penstock_boost_json)
endif()
find_package(date QUIET)
if(NOT TARGET date::date-tz)  # Ubuntu 22.04 packages it without CMake's files
  find_path(PENSTOCK_DATE_INCLUDE date/tz.h REQUIRED)
  find_library(PENSTOCK_DATE_LIBRARY NAMES howardhinnant-date-tz date-tz REQUIRED)
  add_library(date::date-tz UNKNOWN IMPORTED GLOBAL)
  set_target_properties(date::date-tz PROPERTIES IMPORTED_LOCATION ${PENSTOCK_DATE_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${PENSTOCK_DATE_INCLUDE})
  target_compile_definitions(date::date-tz INTERFACE USE_OS_TZDB=1)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)

# libarchive, static: of the shared one, formats that we do not read bring in libxml2 and ICU, 35 MB at every start.
find_path(PENSTOCK_LIBARCHIVE_INCLUDE archive.h REQUIRED)
find_library(PENSTOCK_LIBARCHIVE NAMES libarchive.a archive REQUIRED)
add_library(penstock_libarchive INTERFACE)
target_include_directories(penstock_libarchive SYSTEM INTERFACE ${PENSTOCK_LIBARCHIVE_INCLUDE})
target_link_libraries(penstock_libarchive INTERFACE ${PENSTOCK_LIBARCHIVE})
if(PENSTOCK_LIBARCHIVE MATCHES "[.]a$")
  find_package(LibLZMA REQUIRED)
  find_package(BZip2 REQUIRED)
  target_link_libraries(penstock_libarchive INTERFACE LibLZMA::LibLZMA BZip2::BZip2 ZLIB::ZLIB PkgConfig::ZSTD PkgConfig::NETTLE)
endif()
add_library(Penstock::libarchive ALIAS penstock_libarchive)
set(CMAKE_FIND_LIBRARY_SUFFIXES "${_shared_first}")

if(PENSTOCK_BUILD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
