// Debian 12 ships Catch2 v2, which makes main from a macro; v3 (newer Debian and Ubuntu) has a
// session to run.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
int main(int argc, char* argv[]) {
  return Catch::Session().run(argc, argv);
}
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
