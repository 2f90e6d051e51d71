"""Functions of C++ that the exported expressions call: of numbers, and element by element of lists."""

from __future__ import annotations

_COMMON = """\
#ifndef GUARD
#define GUARD
namespace cabin {
TYPES
template <class T> struct is_list : std::false_type {};
template <class T> struct is_list<LIST<T>> : std::true_type {};
template <class T> T element(const LIST<T>& list, std::size_t i) { return list[i]; }
template <class T, class = std::enable_if_t<!is_list<T>::value>> T element(const T& value, std::size_t) {
  return value;
}
template <class T> long long length(const LIST<T>& list) { return static_cast<long long>(list.size()); }
inline long long common(long long one, long long other) {
  if (one >= 0 && other >= 0 && one != other) throw std::invalid_argument("lists of different lengths");
  return one >= 0 ? one : other;
}
template <class T> long long length_or_none(const T& value) {
  if constexpr (is_list<T>::value) return length(value);
  else return -1;
}
// A function of numbers, of each element where some of them are lists.
template <class F, class... A> auto each(F f, const A&... a) {
  if constexpr (!(is_list<A>::value || ...)) {
    return f(a...);
  } else {
    long long n = -1;
    ((n = common(n, length_or_none(a))), ...);
    LIST<std::decay_t<decltype(f(element(a, 0)...))>> result;
    for (long long i = 0; i < n; ++i) result.push_back(f(element(a, static_cast<std::size_t>(i))...));
    return result;
  }
}
const double pi = 3.141592653589793;
const double none = std::numeric_limits<double>::quiet_NaN();
template <class C, class A, class B> auto where(const C& condition, const A& one, const B& other) {
  return each([](auto c, auto x, auto y) -> std::common_type_t<decltype(x), decltype(y)> {
    return c ? x : y; }, condition, one, other);
}
// Both round down, as in Python.
template <class A, class B> auto modulo(const A& a, const B& b) {
  return each([](auto x, auto y) {
    if constexpr (std::is_integral_v<decltype(x)>) return ((x % y) + y) % y;
    else { double r = std::fmod(x, y); return r != 0 && (r < 0) != (y < 0) ? r + y : r; }
  }, a, b);
}
template <class A, class B> auto quotient(const A& a, const B& b) {
  return each([](auto x, auto y) {
    if constexpr (std::is_integral_v<decltype(x)>) return (x - ((x % y) + y) % y) / y;
    else return std::floor(x / y);
  }, a, b);
}
// An element; NaN, or false, where it is not there.
template <class T> auto at(const LIST<T>& list, double i) {
  const bool found = i >= 0 && i < static_cast<double>(list.size());
  if constexpr (std::is_same_v<T, bool>) return found && list[static_cast<std::size_t>(i)];
  else return found ? static_cast<double>(list[static_cast<std::size_t>(i)]) : none;
}
template <class T> auto from_end(const LIST<T>& list, double i) {
  return at(list, i + static_cast<double>(list.size()));
}
template <class T, class I> LIST<double> take(const LIST<T>& list, const LIST<I>& indices) {
  LIST<double> result;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    result.push_back(at(list, static_cast<double>(indices[i])));
  }
  return result;
}
template <class T> double smallest(const LIST<T>& list) {
  double result = none;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double value = static_cast<double>(list[i]);
    if (std::isnan(value)) return none;
    if (!(value >= result)) result = value;
  }
  return result;
}
template <class T> double largest(const LIST<T>& list) {
  double result = none;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double value = static_cast<double>(list[i]);
    if (std::isnan(value)) return none;
    if (!(value <= result)) result = value;
  }
  return result;
}
template <class A, class B> auto deltaphi(const A& a, const B& b) {
  return each([](double x, double y) { return modulo(x - y + pi, 2 * pi) - pi; }, a, b);
}
template <class A, class B, class C, class D>
auto deltar(const A& eta1, const B& phi1, const C& eta2, const D& phi2) {
  return each([](double a, double b, double c, double d) {
    const double phi = deltaphi(b, d);
    return std::sqrt((a - c) * (a - c) + phi * phi);
  }, eta1, phi1, eta2, phi2);
}
template <class... A> auto angle(const A&... components) {
  return each([](double a, double b, double c, double x, double y, double z) {
    const double lengths = std::sqrt((a * a + b * b + c * c) * (x * x + y * y + z * z));
    const double cosine = (a * x + b * y + c * z) / lengths;
    return std::acos(cosine > 1 ? 1. : cosine < -1 ? -1. : cosine);
  }, components...);
}
// Invariant mass of particles, each of px, py, pz, E; NaN where there is none.
template <class... A> auto mass_cartesian(const A&... components) {
  return each([](auto... values) {
    const double v[] = {double(values)...};
    double px = 0, py = 0, pz = 0, energy = 0;
    for (std::size_t i = 0; i < sizeof...(values); i += 4) {
      px += v[i]; py += v[i + 1]; pz += v[i + 2]; energy += v[i + 3];
    }
    const double square = energy * energy - px * px - py * py - pz * pz;
    return square < -1e-6 * energy * energy || std::isnan(square) ? none : std::sqrt(std::fmax(square, 0.));
  }, components...);
}
// The same of pt, eta, phi, mass.
template <class... A> auto mass(const A&... components) {
  return each([](auto... values) {
    const double v[] = {double(values)...};
    double px = 0, py = 0, pz = 0, energy = 0;
    for (std::size_t i = 0; i < sizeof...(values); i += 4) {
      const double x = v[i] * std::cos(v[i + 2]), y = v[i] * std::sin(v[i + 2]);
      const double z = v[i] * std::sinh(v[i + 1]);
      px += x; py += y; pz += z;
      energy += std::sqrt(x * x + y * y + z * z + v[i + 3] * std::fabs(v[i + 3]));
    }
    return mass_cartesian(px, py, pz, energy);
  }, components...);
}
MORE}  // namespace cabin
#endif
"""

#: Lists of the header, which are made of any container.
_LIST = """\
template <class T> struct List {
  std::vector<T> values;
  void push_back(T value) { values.push_back(value); }
  std::size_t size() const { return values.size(); }
  T operator[](std::size_t i) const { return values[i]; }
  List operator[](const List<bool>& mask) const {
    if (mask.size() != size()) throw std::invalid_argument("lists of different lengths");
    List kept;
    for (std::size_t i = 0; i < size(); ++i) if (mask[i]) kept.push_back(values[i]);
    return kept;
  }
};
template <class T, class C> List<T> list_of(const C& container) {
  List<T> list;
  for (const auto& value : container) list.push_back(static_cast<T>(value));
  return list;
}"""

_OPERATORS = """\
template <class A, class B> using if_list = std::enable_if_t<is_list<A>::value || is_list<B>::value>;
#define CABIN_OPERATOR(op) \\
  template <class A, class B, class = if_list<A, B>> auto operator op(const A& a, const B& b) { \\
    return each([](auto x, auto y) { return x op y; }, a, b); \\
  }
CABIN_OPERATOR(+) CABIN_OPERATOR(-) CABIN_OPERATOR(*) CABIN_OPERATOR(/)
CABIN_OPERATOR(<) CABIN_OPERATOR(<=) CABIN_OPERATOR(>) CABIN_OPERATOR(>=)
CABIN_OPERATOR(==) CABIN_OPERATOR(!=) CABIN_OPERATOR(&&) CABIN_OPERATOR(||)
CABIN_OPERATOR(&) CABIN_OPERATOR(|)
#undef CABIN_OPERATOR
template <class T> auto operator-(const List<T>& a) { return each([](auto x) { return -x; }, a); }
template <class T> auto operator!(const List<T>& a) { return each([](auto x) { return !x; }, a); }
template <class T> List<double> reals(const List<T>& a) { return list_of<double>(a.values); }
template <class T> auto sum(const List<T>& a) {
  std::conditional_t<std::is_floating_point_v<T>, double, long long> total = 0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i];
  return total;
}
inline long long count(const List<bool>& a) { return sum(a); }
inline bool any(const List<bool>& a) { return count(a) > 0; }
inline bool all(const List<bool>& a) { return count(a) == length(a); }
#define CABIN_FUNCTION(name) \\
  template <class T> auto name(const List<T>& a) { return each([](auto x) { return std::name(x); }, a); }
CABIN_FUNCTION(abs) CABIN_FUNCTION(sqrt) CABIN_FUNCTION(exp) CABIN_FUNCTION(log) CABIN_FUNCTION(log10)
CABIN_FUNCTION(sin) CABIN_FUNCTION(cos) CABIN_FUNCTION(tan) CABIN_FUNCTION(asin) CABIN_FUNCTION(acos)
CABIN_FUNCTION(atan) CABIN_FUNCTION(sinh) CABIN_FUNCTION(cosh) CABIN_FUNCTION(tanh) CABIN_FUNCTION(floor)
CABIN_FUNCTION(ceil)
#undef CABIN_FUNCTION
#define CABIN_FUNCTION(name) \\
  template <class A, class B, class = if_list<A, B>> auto name(const A& a, const B& b) { \\
    return each([](auto x, auto y) { return std::name(x, y); }, a, b); \\
  }
CABIN_FUNCTION(pow) CABIN_FUNCTION(hypot) CABIN_FUNCTION(atan2)
#undef CABIN_FUNCTION
"""
INCLUDES = """\
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>
"""


def helpers(*, of_root: bool) -> str:
    """Return the functions, for lists of ROOT (RVec) or for those of the header."""
    text = _COMMON.replace("GUARD", "CABIN_EXPORTED_RVEC" if of_root else "CABIN_EXPORTED_LISTS")
    if of_root:
        return (
            text.replace("TYPES\n", "")
            .replace("MORE", "")
            .replace("LIST", "ROOT::RVec")
            .replace("namespace cabin {", "namespace cabin_rvec {")
            .replace("namespace cabin\n", "namespace cabin_rvec\n")
        )
    return (
        text.replace("TYPES", _LIST)
        .replace("MORE", _OPERATORS)
        .replace("LIST", "List")
        .replace("CABIN_EXPORTED_Lists", "CABIN_EXPORTED_LISTS")
    )
