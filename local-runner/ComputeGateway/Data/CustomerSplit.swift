import Crypto

/// Divides customers into those to learn from and those to judge by: about 80 and 20 of a hundred.
///
/// By a hash of the customer alone, so that a customer stays on one side whatever rows, orders and files there are.
enum CustomerSplit {
    static func isForTraining(_ customer: String) -> Bool {
        let number = SHA256.hash(data: Array(customer.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return number % 100 < 80
    }

    static func parts(of rows: LabelledRows) -> (dataset: LabelledRows, holdout: LabelledRows) {
        var dataset = LabelledRows(features: rows.features)
        var holdout = LabelledRows(features: rows.features)
        for index in rows.labels.indices {
            let customer = rows.customers[index]
            if isForTraining(customer) {
                dataset.append(customer: customer, values: rows.row(index), label: rows.labels[index])
            } else {
                holdout.append(customer: customer, values: rows.row(index), label: rows.labels[index])
            }
        }
        return (dataset, holdout)
    }
}
