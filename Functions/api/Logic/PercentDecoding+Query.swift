import HTTP

extension PercentDecoding {
    /// The names and values of a query, in order. The first mistake is thrown, under the parameter's name as far as
    /// that can be read.
    static func query(_ text: some StringProtocol) throws(Problem) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name: String
            do throws(Mistake) {
                name = try decode(sides[0])
            } catch {
                throw Problem.parameter(printable(sides[0]), "its name \(error.detail)")
            }
            if pairs.contains(where: { $0.name == name }) { throw Problem.parameter(printable(name), "is given twice") }
            do throws(Mistake) {
                pairs.append((name, sides.count == 2 ? try decode(sides[1]) : ""))
            } catch {
                throw Problem.parameter(printable(name), error.detail)
            }
        }
        return pairs
    }

    /// A text that is safe to show in a message.
    private static func printable(_ text: some StringProtocol) -> String {
        String(text.unicodeScalars.prefix(60).map { (33...126).contains($0.value) ? Character($0) : "?" })
    }
}
