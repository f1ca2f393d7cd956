# In the build tree the binary stands at the top of its folder and finds .deps/ by its RPATH. An installed one
# (cmake --install, make package) has its libraries beside it:
#   bin/penstock   lib/lib{arrow,parquet,duckdb,...}.so   lib/httpfs.duckdb_extension   share/penstock/{pipelines,licences}
if(NOT TARGET penstock)
  return()
endif()
include(GNUInstallDirs)
set_target_properties(penstock PROPERTIES INSTALL_RPATH "$ORIGIN/../lib" INSTALL_RPATH_USE_LINK_PATH OFF)
install(FILES ${PENSTOCK_DUCKDB_LIBRARY} ${PENSTOCK_DUCKDB_HTTPFS} DESTINATION lib)

# Of what the binary links, the libraries that a machine without compilers has not got come along. The rest
# (C and C++ runtime, TLS, SQLite, compression) is the system's, which keeps it patched.
install(CODE "
  file(GET_RUNTIME_DEPENDENCIES EXECUTABLES \"$<TARGET_FILE:penstock>\"
    RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing
    PRE_INCLUDE_REGEXES libarrow libparquet libboost_ libfmt libyaml-cpp libpugixml libpcre2 date-tz libisal libarchive
    PRE_EXCLUDE_REGEXES .*)
  if(missing)
    message(FATAL_ERROR \"penstock links libraries that are not here: \${missing}\")
  endif()
  foreach(library IN LISTS found)
    file(INSTALL \"\${library}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib\" FOLLOW_SYMLINK_CHAIN)
  endforeach()")

install(PROGRAMS ${CMAKE_SOURCE_DIR}/scripts/clear_raw ${CMAKE_SOURCE_DIR}/scripts/process_files DESTINATION share/penstock/scripts)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/pipelines ${CMAKE_SOURCE_DIR}/data DESTINATION share/penstock OPTIONAL)
foreach(name arrow duckdb simdjson boost)
  if(EXISTS ${PENSTOCK_DEPS}/${name})
    file(GLOB licences ${PENSTOCK_DEPS}/${name}/LICENSE* ${PENSTOCK_DEPS}/${name}/licenses/*)
    install(FILES ${licences} DESTINATION share/penstock/licences/${name})
  endif()
endforeach()
foreach(package libboost-json1.81-dev libboost-json1.83-dev libboost-json-dev libfmt-dev libyaml-cpp-dev libpugixml-dev libhowardhinnant-date-dev libarchive-dev libisal-dev)
  if(EXISTS /usr/share/doc/${package}/copyright)
    install(FILES /usr/share/doc/${package}/copyright DESTINATION share/penstock/licences RENAME ${package})
  endif()
endforeach()
if(EXISTS ${CMAKE_SOURCE_DIR}/LICENSE)
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/penstock/licences)
endif()
