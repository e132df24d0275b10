# `cmake --install build/release`: under /usr, which is what the unit's ExecStart names. For a package set DESTDIR.
include(GNUInstallDirs)
install(TARGETS nurtured RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES systemd/nurtured.service DESTINATION lib/systemd/system)
install(FILES systemd/nurtured.sysusers DESTINATION lib/sysusers.d RENAME nurtured.conf)
install(FILES docs/man/nurtured.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(DIRECTORY config/default config/examples config/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/nurtured)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
