// What every Catalog must do. A test program names its catalogs:
//
//   INSTANTIATE_TEST_SUITE_P(Store, CatalogConformance, testing::Values(CatalogMaker{"store", Make}),
//   CatalogMakerName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "lake/catalog.h"

namespace penstock::lake {

struct CatalogMaker {
  std::string name;  // letters and digits
  // A catalog without tables; what it lies in goes with the last pointer. Several threads use it at once.
  std::function<std::shared_ptr<Catalog>()> make;
};

// Not inline: naming it is what makes the linker take the suite out of its library.
std::string CatalogMakerName(const testing::TestParamInfo<CatalogMaker>& info);

class CatalogConformance : public testing::TestWithParam<CatalogMaker> {
 protected:
  void SetUp() override;
  std::shared_ptr<Catalog> catalog_;
};

}  // namespace penstock::lake
